"""Words for what is the same in all of SDMX: components, frequencies, the domains of the e-GDDS."""

from __future__ import annotations

from collections.abc import Mapping

#: Words for the components that are the same everywhere, where no concept scheme tells them.
COMPONENTS: Mapping[str, tuple[str, str]] = {
    "TIME_PERIOD": ("Kỳ số liệu", "Time period"),
    "OBS_VALUE": ("Giá trị", "Observation value"),
    "FREQ": ("Tần suất", "Frequency"),
    "REF_AREA": ("Khu vực", "Reference area"),
    "COUNTERPART_AREA": ("Khu vực đối tác", "Counterpart area"),
    "INDICATOR": ("Chỉ tiêu", "Indicator"),
    "DATA_DOMAIN": ("Lĩnh vực số liệu", "Data domain"),
    "UNIT_MULT": ("Hệ số nhân (lũy thừa của 10)", "Unit multiplier (power of 10)"),
    "UNIT_MEASURE": ("Đơn vị tính", "Unit of measure"),
    "DECIMALS": ("Số chữ số thập phân", "Decimals"),
    "OBS_STATUS": ("Tình trạng số liệu", "Observation status"),
    "CONF_STATUS": ("Mức độ bảo mật", "Confidentiality status"),
    "BASE_PER": ("Kỳ gốc", "Base period"),
    "COMMENT": ("Ghi chú của nguồn", "Comment"),
    "TITLE": ("Tên chuỗi số liệu", "Series title"),
}
#: Data domains of the IMF's ECOFIN structure, under which members of the e-GDDS publish.
DOMAINS: Mapping[str, tuple[str, str]] = {
    "NAG": ("Tài khoản quốc gia", "National accounts"),
    "CPI": ("Chỉ số giá tiêu dùng", "Consumer price index"),
    "PPI": ("Chỉ số giá sản xuất", "Producer price index"),
    "IND": ("Chỉ số sản xuất công nghiệp", "Production index"),
    "LMI": ("Thị trường lao động", "Labour market"),
    "MET": ("Xuất nhập khẩu hàng hóa", "Merchandise trade"),
    "POP": ("Dân số", "Population"),
    "EXR": ("Tỷ giá hối đoái", "Exchange rates"),
    "CGD": ("Nợ của Chính phủ", "Central government debt"),
    "CGO": ("Hoạt động ngân sách trung ương", "Central government operations"),
    "GGO": ("Hoạt động của Chính phủ chung", "General government operations"),
    "EXD": ("Nợ nước ngoài", "External debt"),
    "BOP": ("Cán cân thanh toán", "Balance of payments"),
    "INR": ("Lãi suất", "Interest rates"),
    "SPI": ("Chỉ số giá cổ phiếu", "Share price index"),
}
FREQUENCIES = (
    ("D", "DAILY"), ("B", "DAILY"), ("W", "WEEKLY"), ("M", "MONTHLY"), ("Q", "QUARTERLY"),
    ("S", "ANNUAL_2"), ("H", "ANNUAL_2"), ("A", "ANNUAL"),
)  # fmt: skip
#: Codes of CL_FREQ in words, where the source's own list has none in the language.
FREQUENCY_WORDS: Mapping[str, str] = {
    "A": "Năm", "S": "6 tháng", "H": "6 tháng", "Q": "Quý", "M": "Tháng", "W": "Tuần", "D": "Ngày",
    "B": "Ngày làm việc", "N": "Phút",
}  # fmt: skip
