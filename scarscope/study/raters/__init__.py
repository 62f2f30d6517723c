"""Human raters: photos out without names or dates, scores back, and who agrees with whom.

=====================  ======================================================================
:mod:`.blinding`       a set of photos for raters; its key is :mod:`.key`, pictures without
                       metadata are made by :mod:`.plain_picture`
:mod:`.questions`      what raters are asked, :mod:`.sheets` to fill in, :mod:`.ratings` back
:mod:`.unblinding`     scores back in the study by the key
:mod:`.photos`         raters among themselves and against the software, photo by photo
:mod:`.scars`          the same scar by scar, by Kang's 3 mm rule
=====================  ======================================================================
"""
