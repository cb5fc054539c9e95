"""What is wrong with, or was done about, a single record."""

from __future__ import annotations

from harvesters.problem_words.words import Words

MESSAGES: dict[str, Words] = {
    "unknown_code": Words(
        "Giá trị “{value}” của mục {field} không có trong danh mục.",
        "Dùng một mã trong danh mục[ (ví dụ: {nearest})] hoặc bổ sung cách chuyển mã trong phần "
        "ánh xạ (mapping) của nguồn.",
        "The value “{value}” of {field} is not in the codelist.",
        "Use a code of the list[ (for example {nearest})] or add a look-up to the mapping.",
    ),
    "bad_value": Words(
        "Giá trị “{value}” của mục {field} không hợp lệ[: {detail}].",
        "Sửa giá trị này tại nguồn hoặc trong phần ánh xạ (mapping) của nguồn, rồi chạy lại.",
        "The value “{value}” of {field} is not valid[: {detail}].",
        "Mend the value at the source or in the mapping, then run again.",
    ),
    "missing_value": Words(
        "Thiếu mục bắt buộc {field}.",
        "Bổ sung mục này tại nguồn, hoặc đặt giá trị cố định trong phần ánh xạ (mapping).",
        "The required field {field} is missing.",
        "Add it at the source, or give a constant in the mapping.",
    ),
    "conflict": Words(
        "“{title}”: mục “{field}” được sửa cả ở nguồn và trên Cổng. Cổng giữ “{portal}”; nguồn "
        "ghi “{source}”.",
        "Mở trang chỉnh sửa bộ dữ liệu để xem hai nội dung và chọn nội dung đúng.",
        "“{title}”: “{field}” was changed both in the source and in the portal. The portal keeps "
        "“{portal}”; the source says “{source}”.",
        "Open the dataset's edit page to see both and settle which is right.",
    ),
    "deleted_by_steward": Words(
        "“{title}” đã được gỡ trên Cổng nên không đưa trở lại.",
        "Nếu gỡ nhầm, khôi phục bộ dữ liệu trên Cổng rồi chạy lại nguồn.",
        "“{title}” was deleted in the portal and is not brought back.",
        "If that was a mistake, restore the dataset in the portal and run the source again.",
    ),
    "rejected_before": Words(
        "Kế hoạch này giống hệt kế hoạch đã bị từ chối ở lần chạy {run} nên không được áp dụng.",
        "Nếu nay cần áp dụng, bấm “Xem trước thay đổi” (thanhhoa harvest plan) rồi duyệt.",
        "This plan is the same as the one that was rejected in run {run}: nothing is applied.",
        "If it is to be applied after all, ask for a plan (thanhhoa harvest plan) and approve it.",
    ),
    "duplicate_id": Words(
        "Mã “{id}” xuất hiện nhiều lần trong nguồn.",
        "Mỗi bộ dữ liệu phải có một mã riêng. Sửa mã trùng tại nguồn; bản đang có trên Cổng được "
        "giữ nguyên.",
        "The id “{id}” occurs more than once in the source.",
        "Each dataset needs an id of its own. Mend it at the source; the portal keeps what it has.",
    ),
    "personal_data": Words(
        "Cột “{column}” của {where} có vẻ chứa dữ liệu cá nhân ({kind}, {hits} trên {rows} dòng).",
        "Bỏ hoặc che cột này tại nguồn rồi chạy lại; chỉ duyệt khi chắc chắn được phép công bố.",
        "Column “{column}” of {where} looks like personal data ({kind}, {hits} of {rows} rows).",
        "Remove or mask the column at the source; approve only if it may lawfully be published.",
    ),
    "refused_by_catalogue": Words(
        "Cổng không nhận bộ dữ liệu này: {detail}.",
        "Sửa giá trị tại nguồn hoặc trong phần ánh xạ (mapping) của nguồn, rồi chạy lại.",
        "The catalogue refused this dataset: {detail}.",
        "Mend the value at the source or in the mapping, then run again.",
    ),
}
