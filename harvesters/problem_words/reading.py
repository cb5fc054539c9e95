"""What a source's server, folder or answer says wrong."""

from __future__ import annotations

from harvesters.problem_words.words import Words

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
        "Chạy lại sau ít phút. Nếu vẫn lỗi, báo cho người quản lý hệ thống nguồn kèm nội dung lỗi "
        "này.",
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
        "Danh sách của nguồn chưa đầy đủ: mới nhận được {seen}[/{expected}][ {of}].",
        "Bộ dữ liệu đã đọc đủ vẫn được cập nhật, không bộ nào bị gỡ. Chạy lại để đọc phần còn "
        "thiếu.",
        "The source's listing is not complete: {seen}[ of {expected}][ {of}] came.",
        "What came whole is updated and nothing is withdrawn. Run again to read the rest.",
    ),
    "page_repeated": Words(
        "Hệ thống nguồn gửi lại một trang đã gửi ({where}), nên danh sách chưa đọc được hết.",
        "Không bộ dữ liệu nào bị gỡ. Kiểm tra cách phân trang (nguồn loại rest: mục read.paging), "
        "hoặc báo cho người quản lý hệ thống nguồn.",
        "The source sent a page again that had come before ({where}); the list was not read whole.",
        "Nothing is withdrawn. Check the style of paging (of a rest source: read.paging), or tell "
        "the people who run the source.",
    ),
}
