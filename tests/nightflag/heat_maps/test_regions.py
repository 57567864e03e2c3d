"""The rectangles a score comes from."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nightflag.heat_maps import find


def found_in(heat):
    [regions] = find(heat[None])
    return regions


def cold(height=20, width=30):
    return np.full((height, width), 0.01)


def test_a_hot_patch_is_one_region_with_its_share_of_the_heat():
    heat = cold()
    heat[3:11, 14:21] = 2.0
    [region] = found_in(heat)
    assert str(region) == "rows 3-10, columns 14-20"
    assert region.heat == heat[3:11, 14:21].sum()


def test_patches_apart_are_regions_apart_hottest_first():
    heat = cold()
    heat[2:6, 2:6], heat[12:17, 20:26] = 1.0, 3.0
    found = [str(region) for region in found_in(heat)]
    assert found == ["rows 12-16, columns 20-25", "rows 2-5, columns 2-5"]


def test_much_fainter_patches_are_not_mentioned():
    heat = cold()
    heat[2:6, 2:6], heat[12:17, 20:26] = 0.1, 3.0
    assert len(found_in(heat)) == 1


def test_heat_without_a_place_is_the_whole_image():
    [region] = found_in(np.zeros((4, 5)))
    assert str(region) == "rows 0-3, columns 0-4"


def test_a_region_lies_at_the_same_place_in_the_image_it_came_from():
    heat = cold(32, 32)
    heat[8:16, 4:12] = 1.0
    [region] = found_in(heat)
    assert str(region.scaled((32, 32), (320, 64))) == "rows 80-159, columns 8-23"
    assert str(region.scaled((32, 32), (4, 4))) == "rows 1-1, columns 0-1"


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, (9, 7), elements=st.floats(0, 100)))
def test_regions_lie_inside_and_hold_no_more_than_all_the_heat(heat):
    regions = found_in(heat)
    assert 1 <= len(regions) <= 3
    assert sum(region.heat for region in regions) <= heat.sum() * (1 + 1e-9)
    for region in regions:
        assert 0 <= region.top < region.bottom <= 9
        assert 0 <= region.left < region.right <= 7


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, (4, 9, 7), elements=st.floats(0, 100)))
def test_an_image_has_the_same_regions_in_any_company(heat):
    assert find(heat) == [found_in(one) for one in heat]
