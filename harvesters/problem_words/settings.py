"""What is wrong with a source's settings, secrets and grants."""

from __future__ import annotations

from harvesters.problem_words.words import Words

MESSAGES: dict[str, Words] = {
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
        "Mật khẩu, khóa: nhập lại trên một dòng, không có ký tự lạ. Chứng thư số: dán toàn bộ nội "
        "dung dạng PEM, kèm khóa riêng.",
        "The source's password, key or certificate cannot be used as it is.",
        "A password or key: enter it again on one line, without odd signs. A certificate: paste "
        "the whole PEM text with its private key.",
    ),
    "credentials_in_url": Words(
        "Địa chỉ {where} có kèm tài khoản hoặc mật khẩu.",
        "Bỏ phần đó khỏi địa chỉ và ghi tài khoản ở phần “Đăng nhập tại nguồn” của trang sửa "
        "nguồn.",
        "The address {where} carries an account or a password.",
        "Take it out of the address and enter the account under “Signing in at the source” on the "
        "page that changes the source.",
    ),
    "secret_missing": Words(
        "Chưa có, hoặc không mở được, mật khẩu hay khóa truy cập của nguồn này.",
        "Nhập mật khẩu hoặc khóa trên trang sửa nguồn[; nếu lưu trên máy chủ, đề nghị quản trị "
        "viên đặt {name}].",
        "The source's password or key is not set, or cannot be opened.",
        "Enter it on the source's page, or ask an administrator to set it[ ({name})].",
    ),
    "unknown_source_type": Words(
        "Không có loại nguồn “{type}”.",
        "[Loại dùng được: {nearest}. ]Xem tất cả bằng lệnh: thanhhoa source types.",
        "There is no source type “{type}”.",
        "[Try: {nearest}. ]See all with: thanhhoa source types.",
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
    "org_unknown": Words(
        "Không có cơ quan “{org}”.",
        "Ghi đúng tên trong địa chỉ trang hoặc mã của cơ quan đã có trên Cổng.",
        "There is no organisation “{org}”.",
        "Give the name or id of an organisation that exists in the portal.",
    ),
    "secret_in_url": Words(
        "Địa chỉ nguồn có chứa tài khoản hoặc mật khẩu.",
        "Bỏ phần đó khỏi địa chỉ; ghi tên tài khoản ở mục “Tài khoản” (auth.user), mật khẩu ở mục "
        "“Mật khẩu, khóa hoặc chứng thư số”.",
        "The source's address contains an account or a password.",
        "Take it out of the address; enter it under “Account” (auth.user) and “Password, key or "
        "certificate”.",
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
        "Bỏ tham số đó khỏi địa chỉ. Ở mục “Cách đăng nhập” chọn “khóa truy cập” (api_key), ghi "
        "tên tham số ở “Hoặc tên tham số chứa khóa trong địa chỉ” (auth.parameter) và nhập khóa ở "
        "“Mật khẩu, khóa hoặc chứng thư số”.",
        "The source's address contains a key (parameter {key}).",
        "Take it out of the address. Under “How to sign in” choose “access key” (api_key), name "
        "the parameter under “Or parameter of the address for the key” (auth.parameter) and enter "
        "the key under “Password, key or certificate”.",
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
}
