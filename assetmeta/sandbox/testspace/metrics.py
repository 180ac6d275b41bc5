"""Metrics of a space and their data sets."""

from __future__ import annotations

from assetmeta.sandbox.rest.answers import NOTHING, Answer

from .call import Call, created, modified
from .evaluation import evaluated, figures_of, numbers, read_metric
from .fields import values_of
from .lookups import metric_of, place_of
from .metric_fields import FIELDS
from .paging import paged
from .resource import Resource
from .rights import WRITE
from .standard import add_metric, stored
from .store import Row


class Metrics(Resource):
    """The paths `.../metrics`, `.../metrics/{m}` and `.../metrics/{m}/datasets`."""

    def list(self, call: Call) -> Answer:
        """GET: by name."""
        place = place_of(self.store, call)
        found = ("SELECT * FROM metric WHERE space_id = ? ORDER BY name, id", (place.space["id"],))
        path = f"{place.path}/metrics"
        return paged(call, self.store, path, found, lambda rows: [shown(call, row) for row in rows])

    def get(self, call: Call) -> Answer:
        """GET of one, by id."""
        return Answer(shown(call, metric_of(self.store, call, place_of(self.store, call))))

    def create(self, call: Call) -> Answer:
        """POST: the metric gets data from the next result on that is completed."""
        place = place_of(self.store, call, WRITE)
        values = values_of(FIELDS, call.body, partial=False)
        key = add_metric(self.store, place.space["id"], values, self.clock())
        return created(shown(call, self.row("metric", key)), f"{call.root}/spaces/{place.space['id']}/metrics/{key}")

    def update(self, call: Call) -> Answer:
        """PATCH: the fields given. Data sets are evaluated anew whenever they are read."""
        metric = metric_of(self.store, call, place_of(self.store, call, WRITE))
        values = stored(values_of(FIELDS, call.body, partial=True))
        self.change("metric", metric["id"], values)
        return modified(shown(call, self.row("metric", metric["id"])))

    def delete(self, call: Call) -> Answer:
        """DELETE: the metric with its data sets."""
        metric = metric_of(self.store, call, place_of(self.store, call, WRITE))
        self.store.execute("DELETE FROM metric WHERE id = ?", metric["id"])
        return NOTHING

    def datasets(self, call: Call) -> Answer:
        """GET of the data sets, newest first."""
        place = place_of(self.store, call)
        metric = read_metric(metric_of(self.store, call, place))
        found = ("SELECT * FROM dataset WHERE metric_id = ? ORDER BY result_id DESC", (metric["id"],))
        path = f"{place.path}/metrics/{metric['id']}/datasets"
        return paged(call, self.store, path, found, lambda rows: [dataset_shown(call, metric, row) for row in rows])


def shown(call: Call, row: Row) -> dict[str, object]:
    """A metric as answers show it. The address of its badge has a token of its own, so it needs no log-in."""
    metric = read_metric(row)
    address = f"{call.request.origin}/spaces/{row['space_id']}/metrics/{row['id']}/badge?token={row['badge_token']}"
    return {
        "id": metric["id"],
        "name": metric["name"],
        "data_source": metric["data_source"],
        "chart_type": metric["chart_type"],
        "max_range": metric["max_range"],
        "max_range_limit": metric["max_range_limit"],
        "units": metric["units"],
        "created_at": call.time(metric["created_at"]),
        "updated_at": call.time(metric["updated_at"]),
        "space_id": metric["space_id"],
        "badge_url": None if metric["badge"] is None else address,
        "variables": metric["variables"],
        "thresholds": metric["thresholds"],
        "badge": metric["badge"],
    }


def dataset_shown(call: Call, metric: Row, row: Row) -> dict[str, object]:
    """A data set as answers show it."""
    return {
        "id": row["id"],
        "metric_id": row["metric_id"],
        "result_set_id": row["result_id"],
        "raw_variables": figures_of(row),
        "evaluated_variables": numbers(evaluated(metric, row)),
        "created_at": call.time(row["created_at"]),
        "updated_at": call.time(row["updated_at"]),
        "published_at": call.time(row["published_at"]),
    }
