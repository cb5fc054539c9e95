"""What becomes of a run, and what can no longer be done with one."""

from __future__ import annotations

from harvesters.problem_words.words import Words

MESSAGES: dict[str, Words] = {
    "undo_changed_since": Words(
        "“{title}” đã được sửa hoặc cập nhật sau lần chạy này nên giữ nguyên.",
        "Xem lại bộ dữ liệu này và sửa tay nếu cần.",
        "“{title}” was edited or updated after this run and stays as it is.",
        "Look at the dataset and change it by hand where needed.",
    ),
    "undo_field_changed": Words(
        "“{title}”: mục “{field}” đã được sửa sau lần chạy này nên giữ “{portal}”, không trở về "
        "“{source}”.",
        "Xem lại mục này và sửa tay nếu cần.",
        "“{title}”: “{field}” was changed after this run; it stays “{portal}” and does not go "
        "back to “{source}”.",
        "Look at the field and change it by hand where needed.",
    ),
    "not_undoable": Words(
        "Không hoàn tác được lần chạy {run} (trạng thái: {state}).",
        "Chỉ hoàn tác được lần chạy đã ghi thay đổi vào Cổng và chưa được hoàn tác.",
        "Run {run} cannot be undone (state: {state}).",
        "Only a run that wrote changes and was not undone yet can be.",
    ),
    "undo_expired": Words(
        "Lần chạy {run} đã quá thời hạn hoàn tác: bản cũ của các bộ dữ liệu không còn được lưu.",
        "Sửa tay các bộ dữ liệu cần thiết, hoặc sửa tại nguồn rồi chạy lại.",
        "Run {run} can no longer be undone: what was there before it is not kept any more.",
        "Change the datasets by hand, or mend the source and run it again.",
    ),
    "already_running": Words(
        "Nguồn “{source}” đang có một lần chạy khác ({run}).",
        "Đợi lần chạy đó kết thúc rồi thử lại.",
        "Another run of the source “{source}” is under way ({run}).",
        "Wait until it ends, then try again.",
    ),
    "plan_overtaken": Words(
        "Kế hoạch này đã cũ: sau đó đã có lần chạy {run}.",
        "Bấm “Xem trước thay đổi” trên trang của nguồn (lệnh: thanhhoa harvest plan) để lập kế "
        "hoạch mới, rồi duyệt kế hoạch đó.",
        "This plan is out of date: run {run} came after it.",
        "Press “Show what would change” on the source's page (command: thanhhoa harvest plan) for "
        "a new plan, and approve that one.",
    ),
    "not_waiting": Words(
        "Lần chạy {run} không ở trạng thái chờ duyệt (hiện tại: {state}).",
        "Chỉ duyệt hoặc từ chối được lần chạy đang chờ duyệt. Xem mục “Các lần chạy gần đây” trên "
        "trang của nguồn (lệnh: thanhhoa harvest status).",
        "Run {run} is not waiting for approval (state: {state}).",
        "Only a run that waits for approval can be approved or rejected. See “Latest runs” on the "
        "source's page (command: thanhhoa harvest status).",
    ),
    "not_under_way": Words(
        "Lần chạy {run} hiện không chạy (trạng thái: {state}).",
        "Không cần dừng nữa.",
        "Run {run} is not under way (state: {state}).",
        "There is nothing to stop.",
    ),
    "interrupted": Words(
        "Lần chạy {run} bị gián đoạn {attempts} lần liên tiếp nên đã dừng hẳn.",
        "Gửi mã lần chạy cho quản trị viên để kiểm tra nhật ký của tiến trình thu thập; khắc phục "
        "xong thì chạy lại.",
        "Run {run} was interrupted {attempts} times in a row and was ended.",
        "Give the run's id to an administrator, who looks at the worker's log; run again once it "
        "is mended.",
    ),
    "deadly_record": Words(
        "Bản ghi này đã {attempts} lần làm gián đoạn lần chạy nên bị bỏ qua; các bản ghi còn lại "
        "vẫn được xử lý.",
        "Gửi mã bản ghi cho quản trị viên để kiểm tra nhật ký của tiến trình thu thập; khắc phục "
        "xong thì chạy lại.",
        "This record interrupted the run {attempts} times and was left out; the rest goes on.",
        "Give the record's id to an administrator, who looks at the worker's log; run again once "
        "it is mended.",
    ),
    "portal_unavailable": Words(
        "Cổng tạm thời chưa ghi được dữ liệu: {detail}.",
        "Lần chạy tự tiếp tục khi Cổng ghi được trở lại. Nếu kéo dài, báo cho quản trị viên Cổng.",
        "The portal cannot write for the moment: {detail}.",
        "It goes on by itself when it can. If it lasts, tell an administrator.",
    ),
    "run_unknown": Words(
        "Không có lần chạy “{run}”.",
        "Xem các lần chạy bằng lệnh: thanhhoa harvest status.",
        "There is no run “{run}”.",
        "See the runs with: thanhhoa harvest status.",
    ),
    "nothing_to_withdraw": Words(
        "Nguồn “{source}” không có bộ dữ liệu nào để gỡ.",
        "Không cần làm gì.",
        "The source “{source}” has no datasets to withdraw.",
        "There is nothing to do.",
    ),
    "lease_lost": Words(
        "Lần chạy {run} đã chuyển cho một tiến trình khác.",
        "Không cần làm gì: tiến trình đó đang chạy tiếp.",
        "Run {run} was taken over by another worker.",
        "Nothing to do: the other worker goes on with it.",
    ),
    "cancelled": Words(
        "Lần chạy {run} đã dừng theo yêu cầu.",
        "Chạy lại khi cần.",
        "Run {run} was cancelled.",
        "Run again when needed.",
    ),
    "internal": Words(
        "Cổng gặp lỗi ngoài dự kiến khi xử lý (mã lỗi {reference}).",
        "Gửi mã lỗi cho quản trị viên; chi tiết có trong nhật ký máy chủ.",
        "Something unexpected failed in the portal (reference {reference}).",
        "Give the reference to an administrator; the server's log has the details.",
    ),
}
