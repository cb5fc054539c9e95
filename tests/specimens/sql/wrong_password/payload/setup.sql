CREATE ROLE specimen_sql_wrong LOGIN PASSWORD 'mat-khau-dung';
