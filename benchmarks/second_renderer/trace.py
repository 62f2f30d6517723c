"""Light by Mitsuba: irradiance with bounces, reflection off the surface, and where pixels lie.

The skin's diffuse part is traced as if the skin had one even colour; what arrives is then spread
within the skin and coloured (see `optics.py`). The surface's own reflection (GGX, dielectric of
index 1.40) is traced apart, for it does not enter the skin. Hairs are black to the first part and
show in the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .hairs import Hairs
from .lamps import Lighting, Panel
from .sheet import Field
from .shot import Quality, Shot

_INDEX = 1.40  # of refraction; reflects 2.8 % head on
_HAIR_INDEX = 1.55
_VARIANT = "scalar_rgb"
_PLACE_RAYS = 9
_SLIPPED_POINTS = 4.0  # A pixel and its neighbours show points of the sheet that are closer.
_BLACK: dict[str, Any] = {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}}
_SURFACE: dict[str, Any] = {
    "type": "principled",
    "base_color": {"type": "rgb", "value": 0.0},
    "roughness": {"type": "mesh_attribute", "name": "vertex_rough"},
    "eta": _INDEX,
}

Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Skin:
    """What is put before the camera.

    Attributes
    ----------
    points : ndarray of float32, shape (count, count, 3)
        In mm: x to the right, y up, z towards the camera.
    alpha : ndarray of float32, shape (count, count)
        Roughness of the surface, GGX.
    colour : ndarray of float32, shape (3,)
        Even diffuse colour for bounces.
    hairs : Hairs or None
    """

    points: Picture
    alpha: Field
    colour: NDArray[np.float32]
    hairs: Hairs | None


@dataclass(frozen=True, eq=False)
class Traced:
    """What reaches the camera; arrays on the photo's pixels.

    Attributes
    ----------
    irradiance : ndarray of float32, shape (h, w, 3)
        Light on the skin over pi; 0 on hairs.
    reflected : ndarray of float32, shape (h, w, 3)
        Radiance off the surface and of hairs.
    place : ndarray of float32, shape (h, w, 2)
        Row and column, in points of the sheet, of the skin that a pixel shows.
    bare : ndarray of float32, shape (h, w)
        Share of the pixel that hairs leave free.
    """

    irradiance: Picture
    reflected: Picture
    place: Picture
    bare: Field


def require_mitsuba() -> Any:  # noqa: ANN401
    """Mitsuba, set to trace on the processor; says what to install where it is missing."""
    try:
        import mitsuba as mi
    except ImportError as error:
        raise SystemExit(
            'The second renderer needs Mitsuba 3: pip install -e ".[second]"'
        ) from error
    # The plain variant needs no compiler on the machine and gives the same noise everywhere.
    if mi.variant() != _VARIANT:
        mi.set_variant(_VARIANT)
    import drjit

    drjit.set_thread_count(1)  # Processes work side by side instead.
    return mi


def trace(skin: Skin, lighting: Lighting, shot: Shot, quality: Quality) -> Traced:
    """Photograph the skin, all but the camera's own doing."""
    mi = require_mitsuba()
    sensor = _sensor(mi, shot, quality)
    meshes = _meshes(mi, skin)
    scene = mi.load_dict({"type": "scene", **meshes, **_lamps(mi, lighting)})
    path = mi.load_dict({"type": "path", "max_depth": 1 + quality.bounces, "rr_depth": 99})
    diffuse = _render(mi, scene, sensor, path, quality.diffuse_rays, shot.seed)
    place, bare = _places(mi, skin, scene, sensor)
    meshes["skin"].set_bsdf(mi.load_dict(_SURFACE))
    if skin.hairs is not None:
        meshes["hairs"].set_bsdf(mi.load_dict(_hair_coat(skin.hairs)))
    once = mi.load_dict({"type": "path", "max_depth": 2})
    reflected = _render(mi, scene, sensor, once, quality.specular_rays, shot.seed + 1)
    return Traced(diffuse / skin.colour, reflected, place, bare)


def _rgb(values: NDArray[np.floating] | tuple[float, ...]) -> dict[str, Any]:
    return {"type": "rgb", "value": [float(v) for v in values]}


def _sensor(mi: Any, shot: Shot, quality: Quality) -> Any:  # noqa: ANN401
    side = round(quality.view_mm / shot.mm_per_px)
    half = side * shot.mm_per_px / 2
    look = mi.ScalarTransform4f().look_at(
        origin=[0, 0, shot.distance_mm], target=[0, 0, 0], up=[0, 1, 0]
    )
    film = {
        "type": "hdrfilm",
        "width": side,
        "height": side,
        "pixel_format": "rgb",
        "rfilter": {"type": "box"},
    }
    return mi.load_dict(
        {
            "type": "perspective",
            "fov": float(2 * np.degrees(np.arctan(half / shot.distance_mm))),
            "near_clip": 1.0,
            "far_clip": 1e5,
            "to_world": look,
            "film": film,
            "sampler": {"type": "multijitter"},
        }
    )


def _lamps(mi: Any, lighting: Lighting) -> dict[str, Any]:  # noqa: ANN401
    room = np.asarray(lighting.room_colour) * lighting.room / np.pi
    lamps: dict[str, Any] = {"room": {"type": "constant", "radiance": _rgb(room)}}
    for number, panel in enumerate(lighting.panels):
        lamps[f"lamp{number}"] = _panel(mi, panel)
    return lamps


def _panel(mi: Any, panel: Panel) -> dict[str, Any]:  # noqa: ANN401
    x, y, z = panel.place
    # Any direction but the lamp's own will do for up; a panel's height stands across the ray.
    up = [0, 0, 1] if abs(z) < 0.99 * panel.distance_mm else [0, 1, 0]
    place = mi.ScalarTransform4f().look_at(origin=[x, y, z], target=[0, 0, 0], up=up)
    size = mi.ScalarTransform4f().scale([panel.width_mm / 2, panel.height_mm / 2, 1])
    radiance = panel.power * panel.distance_mm**2 / (panel.width_mm * panel.height_mm)
    return {
        "type": "rectangle",
        "to_world": place @ size,
        "emitter": {"type": "area", "radiance": _rgb(radiance * np.asarray(panel.colour))},
    }


def _meshes(mi: Any, skin: Skin) -> dict[str, Any]:  # noqa: ANN401
    """Skin of even colour without reflection, and black hairs."""
    meshes = {"skin": _skin_mesh(mi, skin)}
    if skin.hairs is not None:
        meshes["hairs"] = _mesh(mi, skin.hairs.points, skin.hairs.faces, skin.hairs.below, _BLACK)
    return meshes


def _mesh(
    mi: Any,  # noqa: ANN401
    points: NDArray[np.float32],
    faces: NDArray[np.uint32],
    place: NDArray[np.float32],
    bsdf: dict[str, Any],
) -> Any:  # noqa: ANN401
    props = mi.Properties()
    props["mesh_bsdf"] = mi.load_dict(bsdf)
    mesh = mi.Mesh(
        "mesh",
        len(points),
        len(faces),
        props=props,
        has_vertex_normals=True,
        has_vertex_texcoords=True,
    )
    values = mi.traverse(mesh)
    values["vertex_positions"] = np.ascontiguousarray(points, np.float32).ravel()
    values["faces"] = np.ascontiguousarray(faces, np.uint32).ravel()
    values["vertex_texcoords"] = np.ascontiguousarray(place, np.float32).ravel()
    values.update()
    return mesh


def _skin_mesh(mi: Any, skin: Skin) -> Any:  # noqa: ANN401
    count = skin.points.shape[0]
    index = np.arange(count * count, dtype=np.uint32).reshape(count, count)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    faces = np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])
    rows, columns = np.indices((count, count), np.float32)
    even = {"type": "diffuse", "reflectance": _rgb(skin.colour)}
    place = np.stack([rows, columns], axis=-1).reshape(-1, 2)
    mesh = _mesh(mi, skin.points.reshape(-1, 3), faces, place, even)
    # Mitsuba squares what it calls roughness.
    mesh.add_attribute("vertex_rough", 1, np.sqrt(skin.alpha).ravel().astype(np.float32))
    return mesh


def _hair_coat(hairs: Hairs) -> dict[str, Any]:
    return {
        "type": "principled",
        "base_color": _rgb(hairs.colour),
        "roughness": 0.5,
        "eta": _HAIR_INDEX,
    }


def _render(
    mi: Any,  # noqa: ANN401
    scene: Any,  # noqa: ANN401
    sensor: Any,  # noqa: ANN401
    integrator: Any,  # noqa: ANN401
    rays: int,
    seed: int,
) -> Picture:
    image = mi.render(scene, sensor=sensor, integrator=integrator, spp=rays, seed=seed)
    return np.array(image, dtype=np.float32)


def _places(mi: Any, skin: Skin, scene: Any, sensor: Any) -> tuple[Picture, Field]:  # noqa: ANN401
    """Which points of the sheet a pixel shows below its hairs, and how much they leave free.

    Texture coordinates are rows and columns of the sheet; a hair carries those of the skin below.
    """
    seen = mi.load_dict({"type": "aov", "aovs": "place:uv,which:shape_index"})
    found = _render(mi, scene, sensor, seen, _PLACE_RAYS, 0)
    which = found[..., 2]
    bare = np.ones_like(which) if skin.hairs is None else 1 - np.abs(which - np.median(which))
    return _mended(found[..., :2]), np.clip(bare, 0, 1)


def _mended(place: Picture) -> Picture:
    """Places without those few pixels in which a ray slipped between two triangles."""
    smooth = np.stack(
        [cv2.medianBlur(np.ascontiguousarray(p), 3) for p in np.moveaxis(place, 2, 0)]
    )
    smooth = np.moveaxis(smooth, 0, 2)
    off = np.abs(place - smooth).max(axis=2, keepdims=True) > _SLIPPED_POINTS
    return np.ascontiguousarray(np.where(off, smooth, place))
