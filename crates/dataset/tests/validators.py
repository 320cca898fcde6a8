"""Runs the validators that researchers use on datasets of scripted players.

    python3 crates/dataset/tests/validators.py [FOLDER]

Makes a store and its datasets (cargo run --example make_datasets), installs the validators from
PyPI into a virtual environment, and runs frictionless, bids-validator-deno and mlcroissant; pandas
and DuckDB read every table without options, and their row counts must agree with the lines of the
files, with each other and with Parquet. Where PyPI cannot be reached it says so and exits with 0.
With FOLDER, datasets that are already there are taken (plain, all, identical).
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import venv

PACKAGES = ["frictionless", "bids-validator-deno", "mlcroissant", "duckdb", "pandas", "pyarrow"]
ROOT = pathlib.Path(__file__).resolve().parents[3]

READ = """
import csv, json, pathlib, sys
import duckdb, pandas
root, failed, files = pathlib.Path(sys.argv[1]), [], 0
datapackage = json.loads((root / "datapackage.json").read_text())
kinds = {"integer": "iu", "number": "iuf", "boolean": "b"}
duck_kinds = {"integer": ("INT",), "number": ("INT", "DOUBLE", "DECIMAL"), "boolean": ("BOOL",), "datetime": ("TIMESTAMP",)}
rows_of = {}
for resource in datapackage["resources"]:
    path, files = root / resource["path"], files + 1
    with open(path, newline="", encoding="utf-8") as text:
        lines = sum(1 for _ in csv.reader(text)) - 1
    frame, relation = pandas.read_csv(path), duckdb.sql(f"SELECT * FROM '{path}'")
    counts = (lines, len(frame), relation.aggregate("count(*)").fetchall()[0][0])
    rows_of[resource["path"]] = lines
    if len(set(counts)) > 1:
        failed.append(f"{path}: rows {counts}")
    schema = json.loads((root / resource["schema"]).read_text())
    names = [field["name"] for field in schema["fields"]]
    if list(frame.columns) != names or relation.columns != names:
        failed.append(f"{path}: columns {list(frame.columns)} / {relation.columns}")
    for field, duck in zip(schema["fields"], relation.types):
        column = frame[field["name"]]
        # A column with missing values is one of floats or objects to pandas; an empty one is anything.
        if column.isna().any() or not lines:
            continue
        if column.dtype.kind not in kinds.get(field["type"], column.dtype.kind):
            failed.append(f"{path}: pandas reads {field['name']} as {column.dtype}, not {field['type']}")
        if not any(kind in str(duck) for kind in duck_kinds.get(field["type"], ("",))):
            failed.append(f"{path}: DuckDB reads {field['name']} as {duck}, not {field['type']}")
if (root / "parquet").is_dir():
    for table, part in [("steps", "steps"), ("local", "_description-local_"), ("apart", "_description-apart_"), ("sessions", "description-sessions")]:
        glob = f"{root}/parquet/{table}/**/*.parquet"
        found = duckdb.sql(f"SELECT count(*) FROM read_parquet('{glob}', hive_partitioning = true, union_by_name = true)").fetchall()[0][0]
        steps = lambda path: "_trial-" in path and "_description-" not in path
        expected = sum(rows for path, rows in rows_of.items() if (steps(path) if part == "steps" else part in path))
        if found != expected:
            failed.append(f"parquet/{table}: {found} rows, {expected} in the tables")
    keys = duckdb.sql(f"SELECT DISTINCT study, session FROM read_parquet('{root}/parquet/steps/**/*.parquet', hive_partitioning = true, union_by_name = true)").fetchall()
    if not keys:
        failed.append("parquet: no partitions")
    for path in sorted(root.glob("parquet/**/*.parquet")):
        pandas.read_parquet(path)
print(f"{files} tables, {sum(rows_of.values())} rows")
sys.exit("\\n".join(failed) or 0)
"""


def run(name, command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    verdict = "passes" if done.returncode == 0 else f"FAILS ({done.returncode})"
    last = (done.stdout.strip().splitlines() or [""])[-1]
    print(f"{name}: {verdict}  {last if done.returncode == 0 else ''}", flush=True)
    if done.returncode != 0:
        print(done.stdout[-6000:], done.stderr[-6000:], flush=True)
    return done.returncode == 0


def install(folder):
    venv.create(folder, with_pip=True)
    pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", *PACKAGES]
    done = subprocess.run(pip, text=True, capture_output=True)
    if done.returncode != 0:
        print(f"skipped: the validators cannot be installed from PyPI\n{done.stderr[-800:]}")
    return done.returncode == 0


def check(name, root, tools):
    good = run(f"{name}, frictionless", [tools / "frictionless", "validate", "datapackage.json"], cwd=root)
    # Croissant's validator and its loader, for one table of each kind.
    good &= run(f"{name}, croissant", [tools / "mlcroissant", "validate", "--jsonld", "croissant.json"], cwd=root)
    sets = [it["name"] for it in json.loads((root / "croissant.json").read_text())["recordSet"]]
    for records in sets:
        load = [tools / "mlcroissant", "load", "--jsonld", "croissant.json", "--record_set", records, "--num_records", "2"]
        good &= run(f"{name}, croissant's {records}", load, cwd=root)
    good &= run(f"{name}, pandas and DuckDB", [tools / "python", "-c", READ, root])
    if (root / "bids").is_dir():
        bids = [tools / "bids-validator-deno", root / "bids", "--ignoreWarnings"]
        good &= run(f"{name}, BIDS", bids)
    return good


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if not install(folder / "tools"):
            return 0
        datasets = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else folder / "datasets"
        if not datasets.is_dir():
            example = ["cargo", "run", "--quiet", "-p", "dyad-dataset", "--example", "make_datasets", "--"]
            subprocess.run([*example, datasets], cwd=ROOT, check=True)
        tools = folder / "tools/bin"
        good = [check(name, datasets / name, tools) for name in ["plain", "all", "identical"]]
        return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
