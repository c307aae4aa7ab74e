"""One class a table, and every form of it derived."""

import duckdb
import pyarrow as pa
import pytest

from recsim.schema import EVENT_TYPES, TABLES, WIRE_RECORDS, Event, arrow_schema, duckdb_ddl, encodings, json_schema
from recsim.schema.columns import columns


@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_means(table: str) -> None:
    assert TABLES[table].__doc__
    assert all(len(column.doc) >= 4 for column in columns(TABLES[table]).values())


@pytest.mark.parametrize("table", TABLES)
def test_duckdb_accepts_every_table_with_the_same_columns(table: str) -> None:
    connection = duckdb.connect()
    connection.execute(duckdb_ddl("t", TABLES[table]))
    names = [row[0] for row in connection.execute("DESCRIBE t").fetchall()]
    assert names == arrow_schema(TABLES[table]).names


def test_nullable_columns_are_those_typed_so() -> None:
    schema = arrow_schema(Event)
    assert schema.field("product_id").nullable
    assert not schema.field("user_id").nullable
    assert schema.field("event_timestamp").type == pa.timestamp("us", tz="UTC")


def test_only_small_enumerations_are_dictionary_encoded() -> None:
    assert set(encodings(Event)["use_dictionary"]) == {"event_type", "device", "tenant"}


def test_statistics_are_kept_of_what_files_are_nearly_sorted_by() -> None:
    assert encodings(Event)["write_statistics"] == ["event_id", "event_timestamp"]


def test_the_event_vocabulary_is_the_designs() -> None:
    assert set(EVENT_TYPES) == {
        "view_product", "add_to_cart", "purchase", "upvote", "downvote", "search_query", "session_start",
        "session_end", "submit_review",
    }  # fmt: skip


def test_wire_records_have_the_designs_field_names() -> None:
    fields = {name: set(json_schema(record)["properties"]) for name, record in WIRE_RECORDS.items()}
    assert fields["event"] == {
        "event_id", "event_type", "product_id", "user_id", "event_timestamp", "session", "device", "tenant",
    }  # fmt: skip
    assert fields["enriched_event"] == {"user_id", "sessionFeatures", "user_demo", "product_metadata"}
    assert fields["user_features"] == {
        "embeddings", "recently_viewed", "preferred_categories", "recency_score", "click_through_rate",
    }  # fmt: skip
    assert fields["search_response"] == {"search", "search-metadata", "results"}
