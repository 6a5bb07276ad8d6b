"""A result to take away: a picture, a page on paper, objects for an archive, a bundle.

It uses what is presented, and asks no network but for checks that are missing, and to read a bundle
again.

    pictures                film under its heat, with what is burned into it
    pdf, paper_checks       one page on paper; the checks on it
    sheet                   what it is drawn with
    identity                whose object it is: the study's tags, or none at all
    secondary_capture       the picture as a DICOM image
    structured_report       the reading as a DICOM report (TID 1500)
    optional                packages that may be missing
    dicomweb                to and from an archive: STOW-RS, QIDO-RS, WADO-RS
    request, stored_film    what an export shall show; the film as a bundle keeps it
    opinions                what a reader thinks of answers, as a table of labels
    bundle                  all of it in one file, and the whole way again

Each exporter takes a `Result` and gives bytes, the same for the same result. None holds the patient
or the file's name unless keeping them is requested, which only DICOM objects allow.
"""
