"""What went wrong between here and an archive, in words that quote neither request nor answer."""

from __future__ import annotations

import requests

from covid_core.errors import CovidCoreError
from covid_core.exports.bounded_http import AnswerCompressed, AnswerTooLarge

CHECK_ADDRESS = "Check the address: it is the DICOMweb root, which in Orthanc ends in /dicom-web"
_REACH = "Check that it runs, that the address and port are right, and that no firewall is between"
_CERTIFICATE = (
    "Ask the archive's administrator for a certificate from a known authority, or for its http"
    " address"
)
_MOVED = "Give the address that it sends on to"
_NARROWER = "Search for one patient or for one day"
_UNCOMPRESSED = "Switch off HTTP compression there, or in the proxy before it, for DICOMweb"


def archive_error(error: Exception, timeout_s: float) -> CovidCoreError:
    """The error for a person, of whatever was raised while an archive was spoken to.

    `timeout_s`: how long each answer was waited for.
    """
    if isinstance(error, CovidCoreError):
        return error
    if isinstance(error, AnswerTooLarge):
        return CovidCoreError("the archive's answer is too long", _NARROWER)
    if isinstance(error, AnswerCompressed):
        return CovidCoreError("the archive's answer is compressed", _UNCOMPRESSED)
    if isinstance(error, requests.RequestException):
        return _of_the_line(error, timeout_s)
    # anything else comes of reading what is not DICOMweb
    return CovidCoreError("the archive's answer is not a DICOMweb response", CHECK_ADDRESS)


def took_too_long(total_s: float) -> CovidCoreError:
    """The error where a task had to end before it was done."""
    return CovidCoreError(
        f"the archive was not done within {total_s:g} seconds",
        "Try again, or ask who runs it whether it is busy",
    )


def _of_the_line(error: requests.RequestException, timeout_s: float) -> CovidCoreError:
    """What went wrong between here and the archive, without the request's own words."""
    if error.response is not None and not isinstance(error, requests.TooManyRedirects):
        return _refusal(error.response.status_code)
    for kind, problem, remedy in (
        (requests.exceptions.SSLError, "the archive's certificate can't be trusted", _CERTIFICATE),
        (requests.ConnectTimeout, "the archive can't be reached", _REACH),
        (requests.ConnectionError, "the archive can't be reached", _REACH),
        (
            requests.Timeout,
            f"the archive did not answer within {timeout_s:g} seconds",
            "Try again, or ask who runs it whether it is busy",
        ),
        (requests.TooManyRedirects, "the archive sends on to another address", _MOVED),
    ):
        if isinstance(error, kind):
            return CovidCoreError(problem, remedy)
    return CovidCoreError("the archive's answer is not a DICOMweb response", CHECK_ADDRESS)


def _refusal(status: int) -> CovidCoreError:
    if status in (401, 403):
        return CovidCoreError(
            f"the archive lets nobody in without the right name and password ({status})",
            "Check both, and that this account may do that there",
        )
    if status in (404, 405):
        return CovidCoreError(f"there is no such DICOMweb service there ({status})", CHECK_ADDRESS)
    if status == 413:
        return CovidCoreError(
            "the archive takes nothing that large (413)", "Ask who runs it to raise its limit"
        )
    who = "See the archive's log" if status >= 500 else "It may not take such objects"
    return CovidCoreError(f"the archive refused with status {status}", who)
