"""What can be set about the alignment of two photos of the same skin."""

from __future__ import annotations

from dataclasses import dataclass

from scarscope.params.stages import require


@dataclass(frozen=True, kw_only=True)
class AlignParams:
    """How two photos of the same skin are laid over each other, and when that counts as failed.

    Lengths in mm are nominal where the earlier photo has no stated scale.

    Attributes
    ----------
    work_mm : float
        Spacing at which photos are compared. A pore (0.25 mm and more) still shows at 0.15 mm.
    most_cells : int
        A photo that would have more cells at `work_mm` is compared at a coarser spacing.
    fine_mm, broad_mm : float
        Detail between these two sigmas is compared: finer is noise, broader is light and form.
    most_features : int
        Strongest features taken of each channel of a photo.
    ratio : float
        A match counts whose descriptor is nearer than this share of the next best one's distance.
    feature_tolerance_mm : float
        Matched features within this distance of the common model support it; doubles as a share
        of the region's extent (1 in 100 of it, where that is more), for tilt and form.
    block_mm : float
        Side of the squares whose place is refined one by one.
    least_block_cells : int
        The same in cells: smaller squares hold too little to be told from others.
    most_blocks : int
        Large regions are checked on a wider lattice instead of on more blocks.
    search_mm : float
        How far around its expected place a block is looked for.
    least_lead : float
        A block is sure of its place where its correlation exceeds any other place's by this.
    agree_mm : float
        A block agrees with the others where it lies within this distance of where they say, in
        cells at least 1.5.
    least_blocks : int
        Fewer blocks that agree are no alignment.
    least_agreement : float
        Nor is a smaller share of the blocks of common skin. By chance one block in twenty agrees.
    least_overlap : float
        Nor is a smaller share of the earlier region that the later photo shows.
    most_scale : float
        Photos whose scales differ by more than this factor are not laid over each other.
    coarser : float
        Where a photo has no stated scale and nothing is found, detail so many times coarser (in
        the photo's pixels) is compared: a photo that shows less skin than is guessed has its pores
        on more pixels. 1 does not try.
    """

    work_mm: float = 0.15
    most_cells: int = 900_000
    fine_mm: float = 0.12
    broad_mm: float = 0.8
    most_features: int = 2500
    ratio: float = 0.88
    feature_tolerance_mm: float = 0.6
    block_mm: float = 3.6
    least_block_cells: int = 24
    most_blocks: int = 500
    search_mm: float = 1.5
    least_lead: float = 0.08
    agree_mm: float = 0.25
    least_blocks: int = 8
    least_agreement: float = 0.35
    least_overlap: float = 0.2
    most_scale: float = 4.0
    coarser: float = 2.2

    def __post_init__(self) -> None:
        require(0.05 <= self.work_mm <= 1, "work_mm", self.work_mm, "between 0.05 and 1 mm")
        require(self.most_cells >= 10_000, "most_cells", self.most_cells, "10000 or more")
        fine, broad = self.fine_mm, self.broad_mm
        require(0 < fine < broad, "fine_mm", fine, f"above 0 and below broad_mm ({broad:g})")
        require(self.most_features >= 50, "most_features", self.most_features, "50 or more")
        for name in ("ratio", "least_agreement", "least_overlap"):
            require(0 < getattr(self, name) < 1, name, getattr(self, name), "between 0 and 1")
        for name in ("feature_tolerance_mm", "block_mm", "agree_mm"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in ("least_block_cells", "most_blocks", "least_blocks"):
            require(getattr(self, name) >= 8, name, getattr(self, name), "8 or more")
        near = 2 * self.agree_mm
        require(self.search_mm >= near, "search_mm", self.search_mm, f"at least {near:g} mm")
        require(0 <= self.least_lead < 1, "least_lead", self.least_lead, "from 0, below 1")
        require(self.most_scale > 1, "most_scale", self.most_scale, "above 1")
        require(1 <= self.coarser <= 4, "coarser", self.coarser, "from 1 to 4")
