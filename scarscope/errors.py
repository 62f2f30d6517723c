"""The exception family: every error says what is wrong, where, and what to do about it."""

from __future__ import annotations


class ScarScopeError(Exception):
    """Base of every error that ScarScope raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, with the offending value.
    remedy : str
        What the reader can do about it, as a full sentence.
    stage : str, optional
        Where on the street it happened (``"read"``, ``"skin"``, ...). Defaults to the class's own.
    """

    stage = "scarscope"

    def __init__(self, message: str, *, remedy: str = "", stage: str | None = None) -> None:
        super().__init__(message, remedy, stage)
        self.message = message
        self.remedy = remedy
        if stage is not None:
            self.stage = stage

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive pickling by default; workers send errors home.
        return (_rebuild, (type(self), self.message, self.remedy, self.stage))

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


def _rebuild(kind: type[ScarScopeError], message: str, remedy: str, stage: str) -> ScarScopeError:
    return kind(message, remedy=remedy, stage=stage)


class PhotoError(ScarScopeError):
    """A photo could not be read or is not a picture that can be measured."""

    stage = "read"


class ScaleError(ScarScopeError):
    """A stated scale is impossible or cannot be understood."""

    stage = "scale"


class RegionError(ScarScopeError):
    """No measurable skin, or a region file that cannot be used."""

    stage = "skin"


class ScarsError(ScarScopeError):
    """The segmentation of scars could not be done."""

    stage = "scars"


class ParamsError(ScarScopeError):
    """A parameter is unknown, of the wrong kind, or out of range."""

    stage = "parameters"


class LayoutError(ScarScopeError):
    """A folder of photos or its manifest cannot be understood."""

    stage = "folder"


class StoreError(ScarScopeError):
    """The results store cannot be opened, read or written."""

    stage = "store"


class ReviewError(ScarScopeError):
    """A file of a reviewer's decisions cannot be understood, or one of them cannot be applied."""

    stage = "review"


class StudyError(ScarScopeError):
    """Figures that the wanted statistic cannot be worked out from."""

    stage = "study"


class DependencyError(ScarScopeError):
    """A package or system library is missing or broken; the message says which to install."""

    stage = "install"
