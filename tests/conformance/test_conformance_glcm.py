"""Co-occurrence features against the IBSI's digital phantom, Haralick's image and plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scarscope.errors import ParamsError, RegionError
from scarscope.measures.glcm import IBSI_CODES, cooccurrence, glcm_features, grey_levels

AGGREGATIONS = ("2D averaged", "2D slice-merged", "2.5D direction-merged", "2.5D merged")
MERGED = "2.5D merged"
IMAGES = arrays(np.int64, (5, 6), elements=st.integers(1, 4))
MASKS = arrays(np.bool_, (5, 6))


def three_digits(value):
    return float(f"{value:.3g}")


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_ibsi_digital_phantom_to_all_published_digits(published, aggregation):
    told = published("glcm")["ibsi"]
    found = glcm_features(
        told["image"], told["mask"], levels=told["levels"], aggregation=aggregation
    )
    rounded = {IBSI_CODES[name]: three_digits(value) for name, value in found.values.items()}
    assert len(rounded) == 25
    assert rounded == told["values"][aggregation]


def test_the_phantom_s_value_outside_the_mask_is_never_read(published):
    told = published("glcm")["ibsi"]
    image, mask = np.array(told["image"], float), np.array(told["mask"], bool)
    assert image[~mask].max() == 9
    first = glcm_features(image, mask, levels=6)
    image[~mask] = np.nan
    assert glcm_features(image, mask, levels=6).values == first.values


def test_haralick_s_counts(published):
    told = published("glcm")["haralick"]
    image = np.array([told["image"]]) + 1
    found = cooccurrence(image, np.ones(image.shape, bool), levels=4)[0]
    # Angles as scikit-image turns them, downwards; Haralick's own 45 degrees go up.
    for at, name in enumerate(("0deg", "45deg", "90deg", "135deg")):
        one_way = np.array(told["counts_one_way"][name])
        np.testing.assert_array_equal(found[at], one_way + one_way.T)


def test_haralick_s_features_of_one_direction(published):
    told = published("glcm")["haralick"]
    # Rows far apart hold no pairs but those along them.
    image = np.ones((7, 4), int)
    image[::2] = np.array(told["image"]) + 1
    mask = np.zeros(image.shape, bool)
    mask[::2] = True
    found = glcm_features(image, mask, levels=4).values
    want = told["features_0deg"]
    assert found["contrast"] == pytest.approx(want["contrast"])
    assert found["dissimilarity"] == pytest.approx(want["dissimilarity"])
    assert found["inverse_difference_moment"] == pytest.approx(want["homogeneity"])
    assert found["angular_second_moment"] == pytest.approx(want["ASM"])
    assert found["correlation"] == pytest.approx(want["correlation"])
    both = np.array([np.array(told["image"]) + 1])
    counts = cooccurrence(both, np.ones(both.shape, bool), levels=4, distance=2)[0, 0]
    p, level = counts / counts.sum(), np.arange(4)
    mean = p.sum(axis=1) @ level
    correlation = (level @ p @ level - mean**2) / (p.sum(axis=1) @ level**2 - mean**2)
    assert correlation == pytest.approx(want["correlation_distance_2"])


def looped(image, mask, distance):
    counts = np.zeros((4, 4))
    rows, columns = image.shape
    for y, x in np.argwhere(mask):
        for dy in (-distance, 0, distance):
            for dx in (-distance, 0, distance):
                v, u = y + dy, x + dx
                if (dy or dx) and 0 <= v < rows and 0 <= u < columns and mask[v, u]:
                    counts[image[y, x] - 1, image[v, u] - 1] += 1
    return counts


@settings(max_examples=40)
@given(IMAGES, MASKS, st.integers(1, 7))
def test_counts_are_those_of_plain_loops(image, mask, distance):
    found = cooccurrence(image[None], mask[None], levels=4, distance=distance).sum(axis=(0, 1))
    np.testing.assert_array_equal(found, looped(image, mask, distance))


@settings(max_examples=40)
@given(IMAGES, MASKS, st.sampled_from(AGGREGATIONS))
def test_turned_and_mirrored_images_have_the_same_texture(image, mask, aggregation):
    first = glcm_features(image, mask, levels=4, aggregation=aggregation)
    for turn in (np.transpose, np.fliplr, np.rot90):
        other = glcm_features(turn(image), turn(mask), levels=4, aggregation=aggregation)
        assert other.n_pairs == first.n_pairs
        assert list(other.values.values()) == pytest.approx(
            list(first.values.values()), nan_ok=True, abs=1e-7
        )


def test_a_single_image_knows_two_aggregations_only():
    image = np.random.default_rng(1).integers(1, 9, (20, 30))
    a, b, c, d = (glcm_features(image, levels=8, aggregation=name).values for name in AGGREGATIONS)
    assert list(a.values()) == pytest.approx(list(c.values()))
    assert list(b.values()) == pytest.approx(list(d.values()))
    assert a["joint_maximum"] != b["joint_maximum"]


def test_a_uniform_region_has_no_correlation():
    found = glcm_features(np.full((3, 3), 2), levels=4).values
    assert found["joint_entropy"] == 0
    assert found["angular_second_moment"] == 1
    assert found["contrast"] == 0
    assert np.isnan(found["correlation"])
    assert np.isnan(found["information_correlation_1"])


def test_no_pair_is_no_number_and_keeps_its_columns():
    found = glcm_features(np.ones((3, 3), int), np.eye(3)[[0, 2, 1]] * [1, 0, 0], levels=2)
    assert found.n_pairs == 0
    assert set(found.values) == set(IBSI_CODES)
    assert np.isnan(list(found.values.values())).all()
    assert list(found.to_frame().columns)[4:] == list(IBSI_CODES)


@pytest.mark.parametrize(
    "options", [{"levels": 1}, {"levels": 4, "distance": 0}, {"levels": 4, "aggregation": "3D"},
                {"levels": 2.5}]
)  # fmt: skip
def test_impossible_options_are_refused(options):
    with pytest.raises(ParamsError):
        glcm_features(np.ones((3, 3), int), **options)


@pytest.mark.parametrize("level", [0, 5, 1.5, np.nan])
def test_levels_out_of_range_are_refused(level):
    image = np.ones((3, 3))
    image[1, 1] = level
    with pytest.raises(RegionError, match="grey_levels"):
        glcm_features(image, levels=4)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(RegionError, match="shape"):
        glcm_features(np.ones((3, 3), int), np.ones((3, 4)), levels=2)
    with pytest.raises(RegionError, match="axes"):
        glcm_features(np.ones(3, int), levels=2)


def test_levels_are_equally_wide_and_the_highest_value_is_in_the_highest():
    found = grey_levels(np.array([[0.0, 0.24, 0.25, 0.5, 0.75, 1.0]]), levels=4)
    assert found.tolist() == [[1, 1, 2, 3, 4, 4]]
    clipped = grey_levels(np.array([[-5.0, 5.0]]), levels=4, bounds=(0.0, 1.0))
    assert clipped.tolist() == [[1, 4]]
    assert grey_levels(np.full((2, 2), 7.0), levels=4).tolist() == [[1, 1], [1, 1]]


def test_levels_outside_the_mask_are_zero_and_not_read():
    image = np.array([[0.0, 1.0, np.nan]])
    assert grey_levels(image, [[1, 1, 0]], levels=2).tolist() == [[1, 2, 0]]
    with pytest.raises(RegionError, match="not finite"):
        grey_levels(image, levels=2)
    with pytest.raises(RegionError, match="0 pixels"):
        grey_levels(image, np.zeros((1, 3)), levels=2)
    with pytest.raises(ParamsError, match="bounds"):
        grey_levels(image, [[1, 1, 0]], levels=2, bounds=(1.0, 1.0))
