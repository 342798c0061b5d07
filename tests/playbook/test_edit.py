"""A value is changed in its place, and nothing else of the file is."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.playbook.edit import with_values

TEXT = """\
# Who edits this.
owner: Quality lead   # a role
bands:                # of the probability
  review_at: 0.3      # a person looks

  reason: >-
    Because it
    is so.
detectors:
  - {name: rules}
  - name: classifier
    model: old.npz
# the end
"""


def test_comments_and_all_other_lines_stay_as_they_were():
    changed = with_values(TEXT, {("bands", "review_at"): 0.25})

    assert changed == TEXT.replace("review_at: 0.3 ", "review_at: 0.25 ")


def test_a_block_becomes_one_line_and_the_comment_behind_it_stays():
    changed = with_values(TEXT, {("detectors", 1): {"name": "classifier", "model": "new.npz"}, ("owner",): "AI Owner"})

    assert "  - {name: classifier, model: new.npz}\n# the end\n" in changed
    assert "owner: AI Owner   # a role\n" in changed


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_put_in_is_what_is_read(reason, number):
    changed = with_values(TEXT, {("bands", "reason"): reason, ("bands", "review_at"): number})

    assert yaml.safe_load(changed)["bands"] == {"review_at": number, "reason": reason}


@pytest.mark.parametrize("path", [("nothing",), ("bands", "block_at"), ("detectors", 2), ("owner", "name")])
def test_a_path_that_is_not_there_is_named(path):
    with pytest.raises(PilotageError, match=r"\.".join(map(str, path))):
        with_values(TEXT, {path: 1})
