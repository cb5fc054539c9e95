-- A department's register: a view with comments, read by a user that may read nothing else.
CREATE SCHEMA cong_bo;
CREATE TABLE cong_bo.dvhc (
  ma_dvhc char(5) PRIMARY KEY, ten_dvhc text NOT NULL, loai text NOT NULL,
  dien_tich_km2 numeric(8,2), thanh_lap date, dang_hoat_dong boolean, ghi_chu text);
INSERT INTO cong_bo.dvhc VALUES
  ('14812', 'Phường Bỉm Sơn', 'phường', 51.84, '2025-07-01', true, NULL),
  ('14758', 'Phường Hàm Rồng', 'phường', 20.88, '2025-07-01', true, 'gồm; "dấu", và
xuống dòng'),
  ('14797', 'Phường Hạc Thành', 'phường', 24.63, '2025-07-01', true, '');
CREATE VIEW cong_bo.danh_sach_dvhc AS SELECT * FROM cong_bo.dvhc;
COMMENT ON VIEW cong_bo.danh_sach_dvhc IS 'Danh sách đơn vị hành chính cấp xã';
COMMENT ON COLUMN cong_bo.danh_sach_dvhc.ma_dvhc IS 'Mã đơn vị hành chính';
COMMENT ON COLUMN cong_bo.danh_sach_dvhc.ten_dvhc IS 'Tên đơn vị hành chính';
CREATE ROLE specimen_sql_view LOGIN PASSWORD 'chi-de-doc';
GRANT USAGE ON SCHEMA cong_bo TO specimen_sql_view;
GRANT SELECT ON cong_bo.danh_sach_dvhc TO specimen_sql_view;
