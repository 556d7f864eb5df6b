"""What a team's program does with awswrangler and PyAthena over an offline store: DATABASE TABLE FOLDER RESULTS as arguments."""

import sys

import awswrangler
import pandas
from pyathena import connect
from pyathena.pandas.cursor import PandasCursor

database, table, folder, results = sys.argv[1:]
QUERY = f'SELECT origin, max(wind) AS wind FROM "{table}" WHERE NOT is_deleted GROUP BY origin ORDER BY origin'
EXPECTED = [("JFK", 2.0), ("LGA", 3.0)]


def rows(frame: pandas.DataFrame) -> list[tuple]:
    return list(frame[["origin", "wind"]].itertuples(index=False, name=None))


found = awswrangler.athena.read_sql_query(QUERY, database=database, s3_output=results, ctas_approach=False)
assert rows(found) == EXPECTED, found
found = awswrangler.athena.read_sql_query(QUERY, database=database, s3_output=results, ctas_approach=True)
assert rows(found) == EXPECTED, found
print("awswrangler: queries", flush=True)

whole = awswrangler.athena.read_sql_table(table, database=database, s3_output=results, ctas_approach=False)
assert len(whole) == 3 and str(whole["write_time"].dtype).startswith("datetime64"), whole.dtypes
print("awswrangler: table", flush=True)

if folder != "-":
    files = awswrangler.s3.read_parquet(folder, dataset=True)
    assert len(files) == 3 and {"year", "month", "day", "hour"} <= set(files.columns), files.columns
    types = awswrangler.catalog.get_table_types(database, table)
    assert (types["wind"], types["is_deleted"]) == ("double", "boolean"), types
    print("awswrangler: files", flush=True)

cursor = connect(s3_staging_dir=results, schema_name=database).cursor()
assert cursor.execute(QUERY).fetchall() == EXPECTED
cursor = connect(s3_staging_dir=results, schema_name=database, cursor_class=PandasCursor).cursor()
assert rows(cursor.execute(QUERY).as_pandas()) == EXPECTED
print("PyAthena", flush=True)
