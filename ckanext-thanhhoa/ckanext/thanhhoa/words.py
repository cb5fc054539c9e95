"""The administration's own sentences in two languages; problems are in harvesters.messages."""

from __future__ import annotations

from harvesters.messages import STATES
from harvesters.said_values import figure

WORDS: dict[str, tuple[str, str]] = {
    "check_counted": (
        "Kết nối được với “{title}”: có {datasets} bộ dữ liệu; đã đọc thử {read} bộ.",
        "“{title}” answers: it has {datasets} datasets; {read} of them were read as a sample.",
    ),
    "check_read": (
        "Kết nối được với “{title}”; đã đọc thử {read} bộ dữ liệu.",
        "“{title}” answers; {read} datasets were read as a sample.",
    ),
    "check_nothing": (
        "Kết nối được với “{title}” nhưng không thấy bộ dữ liệu nào.",
        "“{title}” answers, but no dataset was found there.",
    ),
    "check_failed": (
        "Chưa đọc được dữ liệu từ “{title}”.",
        "No data could be read from “{title}”.",
    ),
    "trial_good": (
        "Đã đọc thử {read} bản ghi; tất cả đều lập được thành bộ dữ liệu.",
        "{read} records were read as a trial; each makes a dataset.",
    ),
    "trial_failing": (
        "Đã đọc thử {read} bản ghi; {failing} bản ghi chưa lập được thành bộ dữ liệu.",
        "{read} records were read as a trial; {failing} of them make no dataset.",
    ),
    "trial_left_out": (
        "Đã đọc thử {read} bản ghi; bộ lọc (only, skip) bỏ qua {left_out} bản ghi.",
        "{read} records were read as a trial; the filters (only, skip) leave {left_out} out.",
    ),
    "trial_nothing": (
        "Đọc được nguồn “{title}” nhưng không thấy bản ghi nào.",
        "The source “{title}” could be read, but no record was found there.",
    ),
    "trial_skipped": ("(bộ lọc bỏ qua)", "(left out by the filters)"),
    "trial_resource": ("Tệp, liên kết {number}/{total}", "File or link {number} of {total}"),
    "source_added": (
        "Đã thêm nguồn “{name}”. Thử kết nối: thanhhoa source check {name}",
        "Added the source “{name}”. Try it: thanhhoa source check {name}",
    ),
    "source_without_grant": (
        "Nguồn chưa được phép truy cập địa chỉ nào nên chưa đọc được gì. Cấp quyền bằng --allow.",
        "The source may not reach anything yet (--allow), so nothing can be read.",
    ),
    "source_removed": (
        "Đã xóa nguồn “{name}”; {datasets} bộ dữ liệu của nguồn vẫn còn trên Cổng.",
        "Removed the source “{name}”; its {datasets} datasets stay in the portal.",
    ),
    "source_withdrawn": (
        "Đã xóa nguồn “{name}” và gỡ các bộ dữ liệu của nguồn.",
        "Removed the source “{name}” and withdrew its datasets.",
    ),
    "confirm_remove": (
        "Xóa nguồn “{name}”? {datasets} bộ dữ liệu của nguồn vẫn còn trên Cổng.",
        "Remove the source “{name}”? Its {datasets} datasets stay in the portal.",
    ),
    "confirm_withdraw": (
        "Xóa nguồn “{name}” và gỡ {datasets} bộ dữ liệu của nguồn khỏi Cổng?",
        "Remove the source “{name}” and withdraw its {datasets} datasets from the portal?",
    ),
    "no_sources": (
        "Chưa có nguồn nào. Thêm nguồn: thanhhoa source add --help",
        "There are no sources yet. Add one: thanhhoa source add --help",
    ),
    "secret_prompt": ("Mật khẩu hoặc khóa truy cập của nguồn", "The source's secret"),
    "no_runs": ("Chưa chạy lần nào.", "This source has not been run yet."),
    "reading": ("Đang đọc nguồn: {done} bản ghi", "Reading the source: {done} records"),
    "applying": ("Đang ghi vào Cổng: {done} thay đổi", "Writing to the portal: {done} changes"),
    "elsewhere": (
        "Một tiến trình khác đang thực hiện lần chạy này; đợi đến khi xong…",
        "Another worker is doing this run; waiting for it to end…",
    ),
    "put_off": (
        "Lần chạy chưa tiếp tục được, sẽ thử lại lúc {moment}…",
        "The run cannot go on for the moment; it is tried again at {moment}…",
    ),
    "stopping": (
        "Đang dừng… (nhấn Ctrl-C lần nữa để thoát ngay)",
        "Stopping… (press Ctrl-C again to leave at once)",
    ),
    "approve_hint": (
        "Duyệt: thanhhoa harvest approve {run}\nTừ chối: thanhhoa harvest reject {run}",
        "Approve: thanhhoa harvest approve {run}\nReject: thanhhoa harvest reject {run}",
    ),
    "rejected": ("Đã từ chối lần chạy {run}.", "Rejected run {run}."),
    "cancel_asked": ("Đã yêu cầu dừng lần chạy {run}.", "Asked run {run} to stop."),
    "more_changes": ("… và {more} thay đổi nữa", "… and {more} more changes"),
    "more_errors": ("… và {more} lỗi nữa", "… and {more} more problems"),
    "incomplete": (
        "Danh sách của nguồn chưa đầy đủ nên không gỡ bộ dữ liệu nào.",
        "The source's listing was not complete: nothing is withdrawn.",
    ),
    "index_same": (
        "Chỉ mục tìm kiếm khớp với cơ sở dữ liệu.",
        "The search index agrees with the database.",
    ),
    "index_differs": (
        "{total} khác biệt giữa cơ sở dữ liệu và chỉ mục. Sửa: thanhhoa index reconcile",
        "{total} differences between database and index. Mend them: thanhhoa index reconcile",
    ),
    "rebuild_progress": (
        "Đã lập chỉ mục {done}/{total} bộ dữ liệu.",
        "Indexed {done} of {total} datasets.",
    ),
    "rebuild_done": (
        "Đã thay chỉ mục: {total} bộ dữ liệu, {seconds} giây.",
        "The new index is in place: {total} datasets, {seconds} seconds.",
    ),
    "rebuild_partly": (
        "Đã thay chỉ mục: {total} bộ dữ liệu; {refused} bộ dữ liệu chưa lập được, hệ thống sẽ thử "
        "lại (xem nhật ký).",
        "The new index is in place: {total} datasets; {refused} could not be indexed and are tried "
        "again (see the log).",
    ),
    "rebuild_running": (
        "Chỉ mục đang được lập lại ở một tiến trình khác; hãy chờ lần đó xong.",
        "Another process rebuilds the index already: wait for it to end.",
    ),
    "rebuild_unfinished": (
        "Chưa lập xong chỉ mục (còn {left} bộ dữ liệu). Chỉ mục cũ vẫn được dùng; chạy lại lệnh "
        "này để làm tiếp.",
        "The index is not finished ({left} datasets are left). The old one is still searched; run "
        "the command again to go on.",
    ),
    "rebuild_refused": (
        "Solr không lập được chỉ mục thứ hai: {why}. Chỉ mục cũ vẫn được dùng; xem lại Solr rồi "
        "chạy lại, hoặc dùng --in-place.",
        "Solr has made no second index: {why}. The old one is still searched; look after Solr and "
        "run the command again, or use --in-place.",
    ),
    "index_mended": ("Đã lập lại chỉ mục cho {total} bộ dữ liệu.", "Indexed {total} datasets."),
    "worker_without_jobs": (
        "Chưa cấu hình ckanext.thanhhoa.jobs_url (cơ sở dữ liệu dùng để báo việc cho tiến trình).",
        "ckanext.thanhhoa.jobs_url is not set (the database that wakes workers).",
    ),
    "worker_started": (
        "Tiến trình thu thập đã chạy ({concurrency} lần chạy cùng lúc). Dừng: Ctrl-C",
        "The worker is running ({concurrency} runs at a time). Stop it with Ctrl-C",
    ),
    **{f"state_{state}": said for state, said in STATES.items()},
    "probe_found": ("Nhận ra loại nguồn: {type}.", "Recognised: {type}."),
    "probe_nothing": (
        "Không nhận ra loại nguồn nào ở địa chỉ này. Hãy tự chọn loại nguồn.",
        "No type of source was recognised at this address. Choose the type yourself.",
    ),
    "uploaded": (
        "Đã nhận tệp {file} cho nguồn “{name}”.",
        "The file {file} was taken for the source “{name}”.",
    ),
    "seconds": ("{seconds} giây", "{seconds} s"),
    "action_create": ("thêm", "new"),
    "action_update": ("sửa", "changed"),
    "action_withdraw": ("gỡ", "withdrawn"),
    "undo_create": ("đưa trở lại", "brought back"),
    "undo_update": ("trả về như cũ", "put back"),
    "undo_withdraw": ("gỡ", "withdrawn"),
    "undo_would": (
        "Nếu hoàn tác lần chạy {run}, Cổng sẽ làm những việc sau; hiện chưa ghi gì vào Cổng.",
        "Undoing run {run} would do this; nothing is written yet.",
    ),
    "undone_by": (
        "Lần chạy này đã được hoàn tác bởi lần chạy {run}.",
        "This run was undone by run {run}.",
    ),
    "more_notes": ("… và {more} ghi chú nữa", "… and {more} more notes"),
    "kind_missing": ("thiếu trong chỉ mục", "missing in the index"),
    "kind_stale": ("chỉ mục đã cũ", "stale in the index"),
    "kind_phantom": ("không còn trong cơ sở dữ liệu", "not in the database any more"),
    "kind_visibility": ("sai quyền xem", "wrong visibility"),
    "counts": (
        "Thêm {created} · sửa {updated} · không đổi {unchanged} · gỡ {withdrawn} · lỗi {failed}",
        "New {created} · changed {updated} · unchanged {unchanged} · withdrawn {withdrawn} · "
        "failed {failed}",
    ),
    "table_change": (
        "bảng: thêm {rows_added} dòng, bỏ {rows_removed} dòng, {cells_total} ô thay đổi",
        "table: +{rows_added} rows, -{rows_removed} rows, {cells_total} cells changed",
    ),
}


def word(key: str, lang: str = "vi", **values: object) -> str:
    """The sentence of that key in the reader's language (`vi`, else English)."""
    said = {k: figure(v, lang) if isinstance(v, int | float) else v for k, v in values.items()}
    return WORDS[key][0 if lang == "vi" else 1].format(**said)
