"""What each problem says, in Vietnamese and English: a message and a hint for every code.

How the parameters are filled in is `harvesters.messages`' business.
"""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A message and its hint in both languages."""

    vi: str
    vi_hint: str
    en: str
    en_hint: str


MESSAGES: dict[str, Words] = {
    "unreachable": Words(
        "Không kết nối được tới {where}.",
        "Kiểm tra máy chủ của nguồn có đang chạy và địa chỉ có đúng không, rồi chạy lại.",
        "Could not reach {where}.",
        "Check that the source's server is running and the address is right, then run again.",
    ),
    "host_not_granted": Words(
        "Nguồn chưa được phép truy cập {where}.",
        "Đề nghị quản trị viên cấp quyền cho địa chỉ này trong phần “Được phép truy cập”.",
        "The source is not allowed to reach {where}.",
        "Ask an administrator to grant this address to the source.",
    ),
    "no_upload": Words(
        "Nguồn này chưa có tệp nào được tải lên.",
        "Mở trang của nguồn và tải tệp Excel hoặc CSV lên.",
        "No file has been uploaded for this source yet.",
        "Open the source's page and upload a workbook or CSV file.",
    ),
    "upload_refused": Words(
        "Không nhận tệp {where}: chỉ nhận tệp Excel (.xlsx, .xls) hoặc CSV có nội dung.",
        "Lưu tệp dạng .xlsx hoặc .csv rồi tải lại.",
        "The file {where} is not taken: only workbooks (.xlsx, .xls) and CSV files that are not "
        "empty.",
        "Save it as .xlsx or .csv and upload it again.",
    ),
    "host_key_unknown": Words(
        "Máy chủ SFTP {where} chưa được xác nhận; dấu vân tay khóa của máy chủ là {fingerprint}.",
        "Hỏi đơn vị quản lý máy chủ xem có đúng dấu vân tay này không. Nếu đúng, chép vào mục “Dấu "
        "vân tay máy chủ” (auth.host_key) của nguồn rồi chạy lại.",
        "Nobody has confirmed the SFTP server {where} yet; its key has the fingerprint "
        "{fingerprint}.",
        "Ask the people who run the server whether this is theirs. If so, copy it into the "
        "source's server fingerprint (auth.host_key) and run again.",
    ),
    "host_key_changed": Words(
        "Khóa của máy chủ SFTP {where} khác với khóa đã xác nhận; dấu vân tay bây giờ là "
        "{fingerprint}.",
        "Có thể máy chủ đã được cài lại, cũng có thể là máy giả mạo. Hỏi đơn vị quản lý máy chủ "
        "trước khi sửa mục “Dấu vân tay máy chủ” (auth.host_key) của nguồn.",
        "The key of the SFTP server {where} is not the confirmed one; its fingerprint now is "
        "{fingerprint}.",
        "The server may have been set up anew, or it may be another one. Ask the people who run it "
        "before you change the source's server fingerprint (auth.host_key).",
    ),
    "tls_error": Words(
        "Chứng thư số (HTTPS) của {where} không hợp lệ nên không thể kết nối an toàn.",
        "Báo cho người quản lý hệ thống nguồn gia hạn hoặc cài lại chứng thư số.",
        "The certificate (HTTPS) of {where} is not valid, so no safe connection was possible.",
        "Ask the people who run the source to renew or reinstall its certificate.",
    ),
    "no_such_file": Words(
        "Không tìm thấy tệp hoặc thư mục {where}.",
        "Kiểm tra đường dẫn của nguồn; nếu tệp đã được chuyển chỗ, sửa lại địa chỉ nguồn.",
        "There is no file or folder {where}.",
        "Check the source's path; if the file was moved, mend the source's address.",
    ),
    "file_not_readable": Words(
        "Không đọc được {where}.",
        "Cấp cho Cổng quyền đọc tệp này và kiểm tra đó có phải là tệp thông thường không.",
        "{where} cannot be read.",
        "Let the portal read the file, and check that it is an ordinary file.",
    ),
    "html_instead_of_data": Words(
        "{where} trả về một trang web thay vì dữ liệu.",
        "Thường là trang đăng nhập hoặc trang báo lỗi. Mở địa chỉ này bằng trình duyệt để xem, "
        "rồi sửa địa chỉ hoặc tài khoản của nguồn.",
        "{where} answered with a web page instead of data.",
        "Usually a login or an error page. Open the address in a browser to see, then mend the "
        "address or the account of the source.",
    ),
    "truncated": Words(
        "Dữ liệu từ {where} bị cắt giữa chừng.",
        "Chạy lại. Nếu vẫn bị cắt, báo cho người quản lý hệ thống nguồn.",
        "The data from {where} was cut off.",
        "Run again. If it is cut again, tell the people who run the source.",
    ),
    "not_json": Words(
        "Nội dung {where} không phải là JSON hợp lệ (lỗi ở vị trí {at}).",
        "Kiểm tra địa chỉ của nguồn; nếu địa chỉ đúng, báo cho người quản lý hệ thống nguồn.",
        "{where} is not valid JSON (position {at}).",
        "Check the source's address; if it is right, tell the people who run the source.",
    ),
    "not_xml": Words(
        "Nội dung {where} không phải là XML hợp lệ (lỗi ở dòng {line}).",
        "Kiểm tra địa chỉ của nguồn; nếu địa chỉ đúng, báo cho người quản lý hệ thống nguồn.",
        "{where} is not valid XML (line {line}).",
        "Check the source's address; if it is right, tell the people who run the source.",
    ),
    "not_rdf": Words(
        "Nội dung {where} không phải là danh mục RDF hợp lệ (RDF/XML, Turtle hoặc JSON-LD)[, lỗi ở "
        "dòng {line}].",
        "Kiểm tra địa chỉ của danh mục; nếu địa chỉ đúng, báo cho người quản lý hệ thống nguồn.",
        "{where} is not valid RDF (RDF/XML, Turtle or JSON-LD)[, line {line}].",
        "Check the catalogue's address; if it is right, tell the people who run the source.",
    ),
    "remote_context": Words(
        "Dữ liệu JSON-LD từ {where} dùng bộ định nghĩa “{context}” mà Cổng không biết; Cổng không "
        "tự tải bộ định nghĩa từ nơi khác.",
        "Đề nghị người quản lý hệ thống nguồn ghi định nghĩa ngay trong dữ liệu, hoặc dùng địa chỉ "
        "RDF/XML, Turtle của danh mục.",
        "The JSON-LD from {where} refers to the context “{context}”, which the portal does not "
        "know; contexts are never fetched.",
        "Ask the people who run the source to write its context into the data, or use the "
        "catalogue's address for RDF/XML or Turtle.",
    ),
    "too_deep": Words(
        "Dữ liệu từ {where} lồng nhau quá nhiều tầng.",
        "Báo cho người quản lý hệ thống nguồn.",
        "The data from {where} is nested too deeply.",
        "Tell the people who run the source.",
    ),
    "api_error": Words(
        "Hệ thống nguồn báo lỗi tại {where}: {detail}.",
        "Chạy lại sau ít phút. Nếu vẫn lỗi, báo cho người quản lý hệ thống nguồn kèm mã lỗi này.",
        "The source reports an error at {where}: {detail}.",
        "Run again in a few minutes. If it persists, give this to the people who run the source.",
    ),
    "unexpected_answer": Words(
        "Dữ liệu từ {where} không đúng cấu trúc cần có (mục: {detail}).",
        "Kiểm tra địa chỉ và loại nguồn; nếu đã đúng, báo cho người quản lý hệ thống nguồn.",
        "The answer of {where} does not have the structure expected (part: {detail}).",
        "Check the source's address and type; if they are right, tell the people who run it.",
    ),
    "link_left_out": Words(
        "Bỏ qua một tệp vì địa chỉ tải về trống hoặc không hợp lệ (mục {field}).",
        "Bổ sung địa chỉ http hoặc https của tệp tại nguồn, rồi chạy lại.",
        "A file was left out, its address is empty or not valid ({field}).",
        "Give the file an http or https address at the source, then run again.",
    ),
    "box_turned": Words(
        "Khung bao địa bàn ({value}) ghi ngược thứ tự tọa độ; Cổng đã đổi lại.",
        "Sửa thứ tự tây, nam, đông, bắc trong siêu dữ liệu của nguồn.",
        "The bounding box ({value}) had its edges the wrong way round; they were turned.",
        "Mend the order west, south, east, north in the source's metadata.",
    ),
    "box_left_out": Words(
        "Bỏ qua khung bao địa bàn ({value}) vì không ghi bằng kinh độ, vĩ độ.",
        "Sửa trong siêu dữ liệu của nguồn: ghi khung bao bằng độ, theo hệ WGS 84.",
        "The bounding box ({value}) was left out, it is not in degrees.",
        "Give the box in degrees of WGS 84 in the source's metadata.",
    ),
    "order_ignored": Words(
        "Nguồn không trả số liệu quan trắc của {where} theo thứ tự thời gian nên có thể thiếu số "
        "liệu mới nhất.",
        "Tăng số quan trắc đọc mỗi lần (mục “last”), hoặc báo cho người quản lý hệ thống nguồn.",
        "The source did not give the observations of {where} in order of time; the newest may be "
        "missing.",
        "Read more observations at a time (“last”), or tell the people who run the source.",
    ),
    "observed_twice": Words(
        "Chuỗi đo “{where}” có nhiều giá trị ở cùng một thời điểm.",
        "Kiểm tra thiết bị có gửi trùng số liệu không; Cổng giữ tất cả các giá trị.",
        "The series “{where}” has several values at the same time.",
        "Check whether the device sends twice; the portal keeps all values.",
    ),
    "unknown_encoding": Words(
        "Không xác định được bảng mã ký tự của {where}.",
        "Lưu lại tệp theo bảng mã UTF-8 rồi tải lại, hoặc khai báo bảng mã trong cấu hình nguồn.",
        "The character encoding of {where} could not be told.",
        "Save the file as UTF-8 and load it again, or name the encoding in the configuration.",
    ),
    "encoding_corrected": Words(
        "{where} khai báo bảng mã {declared} nhưng thực tế là {used}; đã đọc theo {used}.",
        "Không cần làm gì. Nếu chữ hiển thị sai, báo cho người quản lý hệ thống nguồn.",
        "{where} declares the encoding {declared} but is in {used}; it was read as {used}.",
        "Nothing to do. If letters look wrong, tell the people who run the source.",
    ),
    "no_table": Words(
        "Không tìm thấy bảng số liệu trong {where}.",
        "Mở tệp, kiểm tra bảng có đủ dòng tiêu đề và các dòng số liệu liền nhau, rồi tải lại.",
        "No table was found in {where}.",
        "Open the file, check that the table has a header row and rows of figures, load it again.",
    ),
    "not_a_workbook": Words(
        "{where} có tên của tệp Excel nhưng nội dung không phải bảng tính ({found}).",
        "Mở tệp bằng Excel, lưu lại dạng .xlsx rồi tải lại.",
        "{where} is named like a workbook but is something else ({found}).",
        "Open the file in Excel, save it as .xlsx and load it again.",
    ),
    "protected_file": Words(
        "{where} được bảo vệ bằng mật khẩu nên không đọc được.",
        "Bỏ mật khẩu mở tệp (Tệp → Thông tin → Bảo vệ sổ làm việc) rồi tải lại.",
        "{where} is protected by a password and cannot be read.",
        "Take the password off (File → Info → Protect Workbook) and load it again.",
    ),
    "font_converted": Words(
        "{where}: đã chuyển {count} ô dùng phông cũ ({fonts}) sang Unicode.",
        "Xem lại vài dòng xem chữ có đúng không; tệp gốc được giữ nguyên.",
        "{where}: {count} cells set in old fonts ({fonts}) were converted to Unicode.",
        "Look a few rows over; the original file is kept as it is.",
    ),
    "font_doubtful": Words(
        "{where}: {count} từ có thể đọc theo hai cách ({words}).",
        "Mở tệp gốc để so lại; nếu sai, gõ lại các ô đó bằng Unicode.",
        "{where}: {count} words can be read in two ways ({words}).",
        "Compare with the original; type those cells again in Unicode if they are wrong.",
    ),
    "encoding_concluded": Words(
        "{where} không khai báo bảng mã; đã đọc theo {encoding}.",
        "Xem lại vài dòng. Để chắc chắn, lưu tệp theo bảng mã UTF-8 hoặc khai báo bảng mã.",
        "{where} does not declare its encoding; it was read as {encoding}.",
        "Look a few rows over. To be sure, save as UTF-8 or declare the encoding.",
    ),
    "hidden_left_out": Words(
        "{where}: không lấy {columns} cột và {rows} dòng đang ẩn.",
        "Bỏ ẩn nếu muốn công bố, hoặc ghi “hidden: true” trong tệp mô tả.",
        "{where}: {columns} hidden columns and {rows} hidden rows were left out.",
        "Unhide them to publish them, or say “hidden: true” in the description file.",
    ),
    "hidden_sheet": Words(
        "{where}: trang tính đang ẩn nên không lấy.",
        "Bỏ ẩn trang tính nếu muốn công bố, hoặc nêu tên trang trong mục “sheets”.",
        "{where}: the sheet is hidden and was left out.",
        "Unhide it to publish it, or name it under “sheets”.",
    ),
    "error_cells": Words(
        "{where}: {count} ô lỗi công thức (#REF!, #DIV/0!…) được để trống.",
        "Sửa công thức trong tệp rồi tải lại.",
        "{where}: {count} cells hold a formula error (#REF!, #DIV/0! …) and were left empty.",
        "Mend the formulas in the file and load it again.",
    ),
    "formula_without_value": Words(
        "{where}: {count} ô công thức chưa có kết quả được để trống.",
        "Mở tệp bằng Excel, lưu lại để Excel tính kết quả, rồi tải lại.",
        "{where}: {count} formulas have no result yet and were left empty.",
        "Open the file in Excel and save it, so that it computes them; load it again.",
    ),
    "ambiguous_number": Words(
        "{where}: không rõ dấu trong “{example}” ở cột “{column}” phân cách hàng nghìn hay phần "
        "thập phân; cột được giữ dạng chữ.",
        "Ghi “decimal” (dấu thập phân) trong tệp mô tả hoặc cấu hình nguồn.",
        "{where}: “{example}” in column “{column}” may be thousands or decimals; the column stays "
        "text.",
        "Give “decimal” (the decimal mark) in the description file or the source's configuration.",
    ),
    "local_figures_read": Words(
        "{where}: {count} số không viết theo chuẩn (ví dụ “{example}”) được đọc theo cách viết ở "
        "Việt Nam.",
        "Không phải làm gì. Nên đề nghị nguồn chỉ dùng dấu chấm thập phân, không dùng dấu khác.",
        "{where}: {count} figures not written as the standard wants (such as “{example}”) were "
        "read as Viet Nam writes them.",
        "Nothing to do. The source should write them with a decimal point and no other sign.",
    ),
    "figures_repeated": Words(
        "{where}: {count} số liệu được gửi lặp lại với giá trị khác; giá trị sau cùng được giữ.",
        "Đề nghị người quản lý hệ thống nguồn kiểm tra các số liệu trùng chỉ tiêu và kỳ.",
        "{where}: {count} figures came again with another value; the last one was kept.",
        "Ask the people who run the source to check figures of the same series and period.",
    ),
    "text_in_numbers": Words(
        "{where}: cột số “{column}” có chữ ({words}); các ô này được để trống.",
        "Chuyển phần chữ sang cột ghi chú, hoặc khai báo kiểu cột là “text”.",
        "{where}: the column of figures “{column}” holds words ({words}); those cells are empty.",
        "Move the words to a column of notes, or declare the column as “text”.",
    ),
    "merged_figures": Words(
        "{where}: {count} ô số liệu được gộp qua nhiều dòng; số chỉ ghi ở dòng đầu.",
        "Bỏ gộp ô và ghi rõ số của từng dòng.",
        "{where}: {count} figures are merged over several rows; each is kept in its first row.",
        "Unmerge the cells and give each row its own figure.",
    ),
    "rows_without_label": Words(
        "{where}: {count} dòng số liệu không có tên chỉ tiêu.",
        "Ghi tên chỉ tiêu cho các dòng này trong tệp rồi tải lại.",
        "{where}: {count} rows of figures have no label.",
        "Check the label column of those rows in the file.",
    ),
    "header_uncertain": Words(
        "{where}: không tìm thấy tiêu đề cho cột {columns}.",
        "Ghi tiêu đề cột trong tệp, hoặc nêu dòng tiêu đề trong tệp mô tả.",
        "{where}: no title was found for column {columns}.",
        "Give the column a title in the file, or name the header rows in the description file.",
    ),
    "columns_left_out": Words(
        "{where}: không lấy cột {columns} vì không có tiêu đề và hầu như không có số liệu.",
        "Ghi tiêu đề cột nếu muốn công bố cột này.",
        "{where}: column {columns} was left out; it has no title and hardly any figures.",
        "Give the column a title if it is to be published.",
    ),
    "unknown_code": Words(
        "Giá trị “{value}” của mục “{field}” không có trong danh mục.",
        "Dùng một mã trong danh mục[ (ví dụ: {nearest})] hoặc bổ sung cách chuyển mã trong phần "
        "ánh xạ (mapping) của nguồn.",
        "The value “{value}” of “{field}” is not in the codelist.",
        "Use a code of the list[ (for example {nearest})] or add a look-up to the mapping.",
    ),
    "bad_value": Words(
        "Giá trị “{value}” của mục “{field}” không hợp lệ: {detail}.",
        "Sửa giá trị này tại nguồn hoặc trong phần ánh xạ (mapping) của nguồn, rồi chạy lại.",
        "The value “{value}” of “{field}” is not valid: {detail}.",
        "Mend the value at the source or in the mapping, then run again.",
    ),
    "missing_value": Words(
        "Thiếu mục bắt buộc “{field}”.",
        "Bổ sung mục này tại nguồn, hoặc đặt giá trị cố định trong phần ánh xạ (mapping).",
        "The required field “{field}” is missing.",
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
        "“{title}” đã bị xóa trên Cổng nên không được đưa trở lại.",
        "Nếu xóa nhầm, khôi phục bộ dữ liệu trên Cổng rồi chạy lại nguồn.",
        "“{title}” was deleted in the portal and is not brought back.",
        "If that was a mistake, restore the dataset in the portal and run the source again.",
    ),
    "rejected_before": Words(
        "Kế hoạch này giống hệt kế hoạch đã bị từ chối ở lần chạy {run} nên không được áp dụng.",
        "Nếu nay cần áp dụng, bấm “Xem trước thay đổi” (thanhhoa harvest plan) rồi duyệt.",
        "This plan is the same as the one that was rejected in run {run}: nothing is applied.",
        "If it is to be applied after all, ask for a plan (thanhhoa harvest plan) and approve it.",
    ),
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
    "duplicate_id": Words(
        "Mã “{id}” xuất hiện nhiều lần trong nguồn.",
        "Mỗi bộ dữ liệu phải có một mã riêng. Sửa mã trùng tại nguồn; bản đang có trên Cổng được "
        "giữ nguyên.",
        "The id “{id}” occurs more than once in the source.",
        "Each dataset needs an id of its own. Mend it at the source; the portal keeps what it has.",
    ),
    "auth_failed": Words(
        "Nguồn {where} từ chối tài khoản hoặc mật khẩu.",
        "Kiểm tra tên tài khoản, rồi nhập lại mật khẩu hoặc khóa truy cập của nguồn.",
        "The source {where} refused the account or password.",
        "Check the account name and enter the source's password or key again.",
    ),
    "too_large": Words(
        "{where} vượt quá giới hạn {limit}.",
        "Chia nhỏ tệp, hoặc đề nghị quản trị viên nâng giới hạn của nguồn.",
        "{where} is larger than the limit of {limit}.",
        "Split the file, or ask an administrator to raise the source's limit.",
    ),
    "deadline": Words(
        "Nguồn {where} không trả lời kịp trong thời hạn {limit} giây.",
        "Chạy lại vào giờ vắng, hoặc đề nghị quản trị viên tăng thời hạn.",
        "The source {where} was too slow: over the deadline of {limit} seconds.",
        "Run again at a quiet hour, or ask an administrator for a longer deadline.",
    ),
    "incomplete_listing": Words(
        "Danh sách của nguồn chưa đầy đủ: mới nhận {seen}[ trên {expected}] bộ dữ liệu.",
        "Các bộ đã đọc vẫn được cập nhật, không bộ nào bị gỡ. Chạy lại để đọc phần còn thiếu.",
        "The source's listing is not complete: {seen}[ of {expected}] datasets came.",
        "What came is updated and nothing is withdrawn. Run again to read the rest.",
    ),
    "page_repeated": Words(
        "Hệ thống nguồn gửi lại một trang đã gửi ({where}), nên danh sách chưa đọc được hết.",
        "Không bộ dữ liệu nào bị gỡ. Kiểm tra cách phân trang (nguồn loại rest: mục read.paging), "
        "hoặc báo cho người quản lý hệ thống nguồn.",
        "The source sent a page again that had come before ({where}); the list was not read whole.",
        "Nothing is withdrawn. Check the style of paging (of a rest source: read.paging), or tell "
        "the people who run the source.",
    ),
    "personal_data": Words(
        "Cột “{column}” của {where} có vẻ chứa dữ liệu cá nhân ({kind}, {hits} trên {rows} dòng).",
        "Bỏ hoặc che cột này tại nguồn rồi chạy lại; chỉ duyệt khi chắc chắn được phép công bố.",
        "Column “{column}” of {where} looks like personal data ({kind}, {hits} of {rows} rows).",
        "Remove or mask the column at the source; approve only if it may lawfully be published.",
    ),
    "unknown_setting": Words(
        "Cấu hình nguồn có mục “{key}” không dùng được.",
        "[Tên đúng có thể là: {nearest}. ]Sửa tên mục rồi lưu lại.",
        "The source's configuration has an unknown key “{key}”.",
        "[The name may be: {nearest}. ]Mend it and save again.",
    ),
    "bad_setting": Words(
        "Cấu hình nguồn có giá trị không đúng[ ở mục “{key}”].",
        "Giá trị cần có: {expected}. Sửa rồi lưu lại.",
        "The source's configuration has a wrong value[ for “{key}”].",
        "Expected: {expected}. Mend it and save again.",
    ),
    "bad_secret_reference": Words(
        "Cách ghi nơi lưu mật khẩu của nguồn không đúng.",
        "Ghi env:PORTAL_SECRET_TÊN hoặc file:tên, hoặc nhập mật khẩu trên trang của nguồn.",
        "The reference to a secret is not valid.",
        "Write env:PORTAL_SECRET_NAME or file:name, or enter the secret on the source's page.",
    ),
    "bad_secret": Words(
        "Mật khẩu, khóa truy cập hoặc chứng thư số của nguồn không dùng được.",
        "Nhập lại, không xuống dòng, không có ký tự lạ; chứng thư số ở dạng PEM, kèm khóa riêng.",
        "The source's password, key or certificate cannot be used as it is.",
        "Enter it again without line breaks; a certificate must be PEM with its private key.",
    ),
    "credentials_in_url": Words(
        "Địa chỉ {where} có kèm tài khoản hoặc mật khẩu.",
        "Bỏ phần đó khỏi địa chỉ và khai báo tài khoản ở mục “Tài khoản truy cập” của nguồn.",
        "The address {where} carries an account or a password.",
        "Take it out of the address and enter the account under the source's sign-in settings.",
    ),
    "secret_missing": Words(
        "Chưa có mật khẩu hoặc khóa truy cập cho nguồn này.",
        "Nhập mật khẩu trên trang của nguồn, hoặc đề nghị quản trị viên đặt giá trị cho {name}.",
        "The source's password or key is not set.",
        "Enter it on the source's page, or ask an administrator to set {name}.",
    ),
    "unknown_source_type": Words(
        "Không có loại nguồn “{type}”.",
        "[Loại dùng được: {nearest}. ]Xem tất cả bằng lệnh: thanhhoa source types.",
        "There is no source type “{type}”.",
        "[Try: {nearest}. ]See all with: thanhhoa source types.",
    ),
    "already_running": Words(
        "Nguồn “{source}” đang có một lần chạy khác ({run}).",
        "Đợi lần chạy đó kết thúc rồi thử lại.",
        "Another run of the source “{source}” is under way ({run}).",
        "Wait until it ends, then try again.",
    ),
    "plan_overtaken": Words(
        "Kế hoạch này đã cũ: sau đó đã có lần chạy {run}.",
        "Lập kế hoạch mới cho nguồn, rồi duyệt kế hoạch đó.",
        "This plan is out of date: run {run} came after it.",
        "Make a new plan for the source and approve that one.",
    ),
    "not_waiting": Words(
        "Lần chạy {run} không ở trạng thái chờ duyệt (hiện tại: {state}).",
        "Chỉ duyệt hoặc từ chối được lần chạy đang chờ. Xem danh sách: thanhhoa harvest status.",
        "Run {run} is not waiting for approval (state: {state}).",
        "Only a run that waits can be approved or rejected. See: thanhhoa harvest status.",
    ),
    "not_under_way": Words(
        "Lần chạy {run} hiện không chạy (trạng thái: {state}).",
        "Không cần dừng nữa.",
        "Run {run} is not under way (state: {state}).",
        "There is nothing to stop.",
    ),
    "interrupted": Words(
        "Lần chạy {run} bị gián đoạn {attempts} lần liên tiếp nên đã dừng hẳn.",
        "Gửi mã lần chạy cho quản trị viên; xem nhật ký của tiến trình thu thập rồi chạy lại.",
        "Run {run} was interrupted {attempts} times in a row and was ended.",
        "Give the run to an administrator; look at the worker's log, then run again.",
    ),
    "portal_unavailable": Words(
        "Cổng tạm thời chưa ghi được dữ liệu: {detail}.",
        "Lần chạy tự tiếp tục khi Cổng ghi được trở lại. Nếu kéo dài, báo cho quản trị viên Cổng.",
        "The portal cannot write for the moment: {detail}.",
        "It goes on by itself when it can. If it lasts, tell an administrator.",
    ),
    "source_unknown": Words(
        "Không có nguồn “{name}”.",
        "[Có phải là “{nearest}”? ]Xem các nguồn bằng lệnh: thanhhoa source list.",
        "There is no source “{name}”.",
        "[Did you mean “{nearest}”? ]See the sources with: thanhhoa source list.",
    ),
    "source_exists": Words(
        "Đã có nguồn tên “{name}”.",
        "Chọn tên khác, hoặc sửa nguồn đang có.",
        "There already is a source named “{name}”.",
        "Choose another name, or change the one that exists.",
    ),
    "run_unknown": Words(
        "Không có lần chạy “{run}”.",
        "Xem các lần chạy bằng lệnh: thanhhoa harvest status.",
        "There is no run “{run}”.",
        "See the runs with: thanhhoa harvest status.",
    ),
    "org_unknown": Words(
        "Không có cơ quan “{org}”.",
        "Ghi đúng tên trong địa chỉ trang hoặc mã của cơ quan đã có trên Cổng.",
        "There is no organisation “{org}”.",
        "Give the name or id of an organisation that exists in the portal.",
    ),
    "secret_in_url": Words(
        "Địa chỉ nguồn có chứa tài khoản hoặc mật khẩu.",
        "Bỏ phần đó khỏi địa chỉ; ghi tài khoản ở auth.user và mật khẩu ở mục mật khẩu của nguồn.",
        "The source's address contains an account or a password.",
        "Take it out of the address; give the account as auth.user and the password as the "
        "source's secret.",
    ),
    "secret_reference_refused": Words(
        "Chỉ quản trị viên được dùng mật khẩu lưu trên máy chủ ({reference}).",
        "Nhập mật khẩu trên trang của nguồn, hoặc đề nghị quản trị viên cấu hình.",
        "Only an administrator may use a secret of the server ({reference}).",
        "Enter the secret on the source's page, or ask an administrator to configure it.",
    ),
    "grant_refused": Words(
        "Chỉ quản trị viên được cấp quyền truy cập cho nguồn.",
        "Lưu nguồn không kèm quyền truy cập, rồi đề nghị quản trị viên cấp.",
        "Only an administrator may grant a source access to hosts and folders.",
        "Save the source without the grant and ask an administrator for it.",
    ),
    "key_in_url": Words(
        "Địa chỉ nguồn có chứa khóa truy cập (tham số {key}).",
        "Bỏ tham số đó khỏi địa chỉ. Ở mục “Cách đăng nhập” chọn khóa truy cập (api_key), ghi tên "
        "tham số (auth.parameter) và nhập khóa vào mục mật khẩu của nguồn.",
        "The source's address contains a key (parameter {key}).",
        "Take it out of the address; sign in by api_key, name the parameter as auth.parameter and "
        "give the key as the source's secret.",
    ),
    "limit_refused": Words(
        "Giá trị của {key} vượt quá mức tối đa của Cổng ({limit}).",
        "Ghi giá trị nhỏ hơn, hoặc đề nghị quản trị viên Cổng đặt giúp.",
        "The value of {key} is above the portal's maximum ({limit}).",
        "Give a smaller value, or ask an administrator of the portal to set it.",
    ),
    "bad_config_file": Words(
        "Không đọc được tệp cấu hình {where}: {detail}.",
        "Kiểm tra thụt lề và dấu hai chấm của tệp YAML, rồi thử lại.",
        "The configuration file {where} could not be read: {detail}.",
        "Check the indentation and the colons of the YAML file, then try again.",
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
    "refused_by_catalogue": Words(
        "Cổng không nhận bộ dữ liệu này: {detail}.",
        "Sửa giá trị tại nguồn hoặc trong phần ánh xạ (mapping) của nguồn, rồi chạy lại.",
        "The catalogue refused this dataset: {detail}.",
        "Mend the value at the source or in the mapping, then run again.",
    ),
}
