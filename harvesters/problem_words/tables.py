"""What is noticed while tables are read from workbooks and files."""

from __future__ import annotations

from harvesters.problem_words.words import Words

MESSAGES: dict[str, Words] = {
    "no_table": Words(
        "Không tìm thấy bảng số liệu trong {where}.",
        "Mở tệp, kiểm tra bảng có đủ dòng tiêu đề và các dòng số liệu liền nhau, rồi tải lại; hoặc "
        "chọn dòng tiêu đề ở phần “Đọc theo cách khác” (nguồn thư mục: ghi trong tệp mô tả).",
        "No table was found in {where}.",
        "Open the file, check that the table has header rows and rows of figures without a gap, "
        "and load it again; or choose the header rows under “Read it in another way” (a source of "
        "files: in the description file).",
    ),
    "not_a_workbook": Words(
        "{where} có tên của tệp Excel nhưng nội dung không phải bảng tính ({found}).",
        "Mở tệp bằng Excel, lưu lại dạng .xlsx rồi tải lại.",
        "{where} is named like a workbook but is something else ({found}).",
        "Open the file in Excel, save it as .xlsx and load it again.",
    ),
    "protected_file": Words(
        "{where} được bảo vệ bằng mật khẩu nên không đọc được.",
        "Bỏ mật khẩu mở tệp (Tệp → Thông tin → Bảo vệ sổ làm việc; bản tiếng Anh: File → Info → "
        "Protect Workbook) rồi tải lại.",
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
        "Nếu muốn công bố, bỏ ẩn trong tệp rồi tải lại, hoặc đánh dấu “Đọc cả dòng, cột và trang "
        "tính đang ẩn” (trong tệp mô tả: hidden: true).",
        "{where}: {columns} hidden columns and {rows} hidden rows were left out.",
        "To publish them, unhide them in the file and load it again, or tick “Also read hidden "
        "rows, columns and sheets” (in the description file: hidden: true).",
    ),
    "hidden_sheet": Words(
        "{where}: trang tính đang ẩn nên không lấy.",
        "Nếu muốn công bố, bỏ ẩn trong tệp rồi tải lại, hoặc đánh dấu “Đọc cả dòng, cột và trang "
        "tính đang ẩn” (trong tệp mô tả: nêu tên ở mục sheets).",
        "{where}: the sheet is hidden and was left out.",
        "To publish it, unhide it in the file and load it again, or tick “Also read hidden rows, "
        "columns and sheets” (in the description file: name it under sheets).",
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
        "Chọn “Dấu thập phân” ở phần “Đọc theo cách khác”, hoặc ghi “decimal” trong tệp mô tả hoặc "
        "cấu hình nguồn.",
        "{where}: “{example}” in column “{column}” may be thousands or decimals; the column stays "
        "text.",
        "Choose the “Decimal mark” under “Read it in another way”, or give “decimal” in the "
        "description file or the source's configuration.",
    ),
    "local_figures_read": Words(
        "{where}: {count} số không viết theo chuẩn (ví dụ “{example}”) được đọc theo cách viết ở "
        "Việt Nam.",
        "Không cần làm gì. Nên đề nghị người quản lý hệ thống nguồn dùng dấu chấm làm dấu thập "
        "phân và không dùng dấu phân cách hàng nghìn.",
        "{where}: {count} figures not written as the standard wants (such as “{example}”) were "
        "read as Viet Nam writes them.",
        "Nothing to do. Better ask the people who run the source to write a decimal point and no "
        "other sign.",
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
        "Ghi tiêu đề cột trong tệp, hoặc chọn dòng tiêu đề ở phần “Đọc theo cách khác” (nguồn thư "
        "mục: ghi trong tệp mô tả).",
        "{where}: no title was found for column {columns}.",
        "Give the column a title in the file, or choose the header rows under “Read it in another "
        "way” (a source of files: in the description file).",
    ),
    "columns_left_out": Words(
        "{where}: không lấy cột {columns} vì không có tiêu đề và hầu như không có số liệu.",
        "Ghi tiêu đề cột nếu muốn công bố cột này.",
        "{where}: column {columns} was left out; it has no title and hardly any figures.",
        "Give the column a title if it is to be published.",
    ),
}
