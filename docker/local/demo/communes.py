"""A department's database: the 166 communes, in a schema that a read-only user may read.

Figures: Resolution 1686/NQ-UBTVQH15, as carried in the portal's codelist of admin units.
"""

from __future__ import annotations

import psycopg2
from psycopg2 import sql

import schemas

DATABASE = "so_noi_vu"
READER = "cong_du_lieu_doc"
VIEW = "cong_bo.don_vi_hanh_chinh_cap_xa"
_TABLE = """
CREATE SCHEMA danh_muc;
CREATE TABLE danh_muc.dvhc (
  ma_dvhc char(5) PRIMARY KEY CHECK (ma_dvhc ~ '^[0-9]{5}$'),
  ten_dvhc text NOT NULL,
  loai text NOT NULL,
  vi_do numeric(8,5), kinh_do numeric(8,5),
  dien_tich_km2 numeric(8,2),
  ngay_hieu_luc date NOT NULL,
  cap_nhat timestamptz NOT NULL DEFAULT now()
);
CREATE SCHEMA cong_bo;
CREATE VIEW cong_bo.don_vi_hanh_chinh_cap_xa AS
  SELECT ma_dvhc, ten_dvhc, loai, dien_tich_km2, vi_do, kinh_do, ngay_hieu_luc FROM danh_muc.dvhc;
COMMENT ON VIEW cong_bo.don_vi_hanh_chinh_cap_xa IS
  'Danh sách 166 xã, phường của tỉnh Thanh Hóa (diện tích, tọa độ trung tâm)';
COMMENT ON COLUMN cong_bo.don_vi_hanh_chinh_cap_xa.ma_dvhc IS 'Mã đơn vị hành chính';
COMMENT ON COLUMN cong_bo.don_vi_hanh_chinh_cap_xa.ten_dvhc IS 'Tên đơn vị hành chính';
COMMENT ON COLUMN cong_bo.don_vi_hanh_chinh_cap_xa.loai IS 'Loại';
COMMENT ON COLUMN cong_bo.don_vi_hanh_chinh_cap_xa.dien_tich_km2 IS 'Diện tích';
COMMENT ON COLUMN cong_bo.don_vi_hanh_chinh_cap_xa.vi_do IS 'Vĩ độ trung tâm';
COMMENT ON COLUMN cong_bo.don_vi_hanh_chinh_cap_xa.kinh_do IS 'Kinh độ trung tâm';
COMMENT ON COLUMN cong_bo.don_vi_hanh_chinh_cap_xa.ngay_hieu_luc IS 'Có hiệu lực từ ngày';
"""


def build(superuser_url: str, database_url: str, password: str) -> None:
    """Makes the database and its reader if they are missing. The reader's password is set anew."""
    _as_superuser(superuser_url, password)
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", (VIEW,))
        if cursor.fetchone() == (None,):
            cursor.execute(_TABLE)
            cursor.executemany(
                "INSERT INTO danh_muc.dvhc VALUES (%s, %s, %s, %s, %s, %s, %s)", _communes()
            )
        cursor.execute(
            sql.SQL("GRANT USAGE ON SCHEMA cong_bo TO {0}; GRANT SELECT ON {1} TO {0}").format(
                sql.Identifier(READER), sql.Identifier(*VIEW.split("."))
            )
        )
    connection.close()


def _as_superuser(url: str, password: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (READER,))
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        role = sql.SQL(verb + " ROLE {} LOGIN PASSWORD %s CONNECTION LIMIT 10")
        cursor.execute(role.format(sql.Identifier(READER)), (password,))
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
        if cursor.fetchone() is None:
            database, reader = sql.Identifier(DATABASE), sql.Identifier(READER)
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(database))
            cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
            grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
            cursor.execute(grant.format(database, reader))
    connection.close()


def _communes() -> list[tuple[object, ...]]:
    rows = []
    for item in schemas.codelist("admin_unit").items:
        extra = item.extra
        if extra.get("cap") == "xa" and not item.ngay_hhl:
            kind = "phường" if item.ten.startswith("Phường") else "xã"
            place = (extra["vi_do"], extra["kinh_do"], extra["dien_tich_km2"])
            rows.append((item.ma, item.ten, kind, *place, item.ngay_hl))
    return rows
