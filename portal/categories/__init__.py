"""The ticket categories (诉求分类): the hub that articles, training and visits hang on."""
