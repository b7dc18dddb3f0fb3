"""One's background work: how far it is, what went wrong, and how to stop it."""

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.access import current_person, needs
from portal.accounts.rules.permissions import Permission
from portal.core.clock import utc_now
from portal.core.pages import page
from portal.core.paging import asked_page, pages_of

from ..models import Job
from ..queries import jobs as queries
from ..rules import jobs as rules
from ..rules.jobs import JobState
from ..services import jobs as services
from ..services.work import kind_of
from . import bp


def job_row(job: Job, now: datetime) -> dict[str, Any]:
    """What a page shows of a job."""
    state, kind = JobState(job.state), kind_of(job.kind)
    words, shape = rules.WORDS[state]
    unfinished = state in rules.UNFINISHED
    left = rules.time_left(job.done, job.total, job.started_at, now) if state is JobState.RUNNING else None
    return {
        "id": job.id,
        "title": job.title,
        "url": job.address or None,
        "state": "在停" if unfinished and job.stop_asked else words,
        "shape": shape,
        "unfinished": unfinished,
        "running": state is JobState.RUNNING,
        "done": job.done,
        "total": job.total,
        "unit": job.unit,
        "share": min(100, job.done * 100 // job.total) if job.total else 0,
        "left": rules.time_left_words(left),
        "faults": job.faults,
        "error": job.error,
        "asked_at": job.asked_at,
        "ended_at": job.ended_at,
        "stopping": kind.stopping if kind and unfinished and not job.stop_asked else "",
    }


@bp.get("/jobs")
@needs(Permission.INBOX_SELF_USE)
def jobs() -> ResponseReturnValue:
    """One's jobs; while one is unfinished the list asks for itself every two seconds."""
    number, now = asked_page(request.args.get("page")), utc_now()
    found, total = queries.jobs(current_person().id, page=number)
    rows = [job_row(job, now) for job in found]
    values = {
        "rows": rows,
        "running": any(row["unfinished"] for row in rows),
        "unattended": queries.unattended(now),
        "here": url_for("inbox.jobs", page=number if number > 1 else None),
        "pages": pages_of(number, total, size=queries.PAGE, link=lambda to: url_for("inbox.jobs", page=to)),
    }
    if request.headers.get("HX-Request"):
        return render_template("inbox/_jobs.html", **values)
    return page("inbox/jobs.html", **values)


@bp.post("/jobs/<int:job_id>/stop")
@needs(Permission.INBOX_SELF_USE)
def stop_job(job_id: int) -> ResponseReturnValue:
    """Stop one's own job."""
    services.stop(job_id, by=current_person().actor, now=utc_now())
    return redirect(url_for("inbox.jobs"), 303)
