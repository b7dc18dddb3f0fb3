"""The units that handle what companies ask for, and how to reach them."""
