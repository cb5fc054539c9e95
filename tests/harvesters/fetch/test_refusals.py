"""What a refusal says, and what is none."""

import json

import pytest

from harvesters.fetch.refusals import error_in_json


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": {"message": "Sai khóa"}}, "Sai khóa"),
        ({"errors": [{"detail": "Hết hạn"}], "data": None}, "Hết hạn"),
        ({"error": True, "message": "Không có lớp này"}, "Không có lớp này"),
        ({"success": False, "message": "Hỏng", "data": []}, "Hỏng"),
        ({"title": "Not Found", "status": 404, "detail": "Không có"}, "Không có"),
        ({"message": "Chưa đăng nhập"}, "Chưa đăng nhập"),
        ({"success": True, "message": "OK"}, ""),
        ({"message": "OK", "data": [1]}, ""),
        ({"errors": [], "title": "Danh mục", "data": {}}, ""),
        ({"error": None, "title": "Danh mục"}, ""),
        ([{"error": "x"}], ""),
        ("error", ""),
    ],
)
def test_only_the_report_of_an_error_is_one(answer: object, said: str) -> None:
    assert error_in_json(json.dumps(answer).encode()) == said
