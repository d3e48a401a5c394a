#!/usr/bin/env python3
"""Works out the numbers this example must give, from the files themselves and without Tenon.

    TENON_REAL_DATA=/path/to/maven-crm python3 expected.py            prints them
    TENON_REAL_DATA=/path/to/maven-crm python3 expected.py --check    exit 1 if expected.json says otherwise

Standard library only: csv, decimal, statistics. Money has 2 places, averages 6 (scale + 4), both half-up.
"""
import csv
import json
import os
import pathlib
import statistics
import sys
from collections import Counter, defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

HERE = pathlib.Path(__file__).resolve().parent
SPELLINGS = {"GTXPro": "GTX Pro"}
STAGES = {"Prospecting": "PROSPECTING", "Engaging": "ENGAGING", "Won": "WON", "Lost": "LOST"}


def read(folder, name):
    with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day(text):
    return datetime.strptime(text, "%d-%m-%y").date() if text else None


def quarter(date):
    return f"{date.year}-Q{(date.month + 2) // 3}"


def places(number, count):
    return str(Decimal(number).quantize(Decimal(1).scaleb(-count), ROUND_HALF_UP))


def median(numbers):
    """A whole number or a half, as text without idle zeros."""
    return f"{Decimal(str(statistics.median(numbers))).normalize():f}"


def average(numbers):
    return places(sum(numbers) / Decimal(len(numbers)), 6)


def share(part, whole):
    return places(Decimal(part) * 100 / Decimal(whole), 2)


def load(folder):
    managers = {row["sales_agent"]: row["manager"] for row in read(folder, "sales_teams")}
    deals = []
    for row in read(folder, "sales_pipeline"):
        start, end = day(row["engage_date"]), day(row["close_date"])
        deals.append({
            "agent": row["sales_agent"],
            "manager": managers[row["sales_agent"]],
            "product": SPELLINGS.get(row["product"], row["product"]),
            "account": row["account"] or None,
            "stage": STAGES[row["deal_stage"]],
            "start": start,
            "end": end,
            "value": Decimal(row["close_value"]) if row["close_value"] else None,
            "days": (end - start).days if start and end else None,
        })
    return deals


def grouped(rows, *keys):
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(key(row) for key in keys)].append(row)
    return sorted(groups.items())


def won_by_manager_and_quarter(won):
    return [
        {"manager": manager, "quarter": label, "count": len(rows), "value": places(sum(r["value"] for r in rows), 2)}
        for (manager, label), rows in grouped(won, lambda r: r["manager"], lambda r: quarter(r["end"]))
    ]


def by_product(deals, prices):
    answer = []
    for (product,), rows in grouped(deals, lambda r: r["product"]):
        won = [r["value"] for r in rows if r["stage"] == "WON"]
        lost = sum(r["stage"] == "LOST" for r in rows)
        price = average(won)
        answer.append({
            "product": product, "won": len(won), "lost": lost, "winRatePercent": share(len(won), len(won) + lost),
            "listPrice": places(prices[product], 2), "averageWonPrice": price,
            "averageOfListPercent": share(sum(won) / len(won), prices[product]),
        })
    return answer


def median_days(won):
    return {
        "overall": {"count": len(won), "days": median([r["days"] for r in won])},
        "byManager": [
            {"manager": manager, "count": len(rows), "days": median([r["days"] for r in rows])}
            for (manager,), rows in grouped(won, lambda r: r["manager"])
        ],
    }


def subsidiaries(accounts):
    parents = defaultdict(list)
    for row in accounts:
        if row["subsidiary_of"]:
            parents[row["subsidiary_of"]].append(row["account"])
    by_name = sorted(parents, key=str.casefold)  # text sorts without regard to case
    return [{"parent": name, "subsidiaries": sorted(parents[name], key=str.casefold)} for name in by_name]


def busy_agents(won):
    agents = [
        {"agent": agent, "manager": rows[0]["manager"], "count": len(rows), "value": places(sum(r["value"] for r in rows), 2)}
        for (agent,), rows in grouped(won, lambda r: r["agent"]) if len(rows) > 150
    ]
    return sorted(agents, key=lambda a: Decimal(a["value"]), reverse=True)


def gaps(deals):
    missing = lambda key: sum(deal[key] is None for deal in deals)
    return {
        "all": len(deals), "withoutAccount": missing("account"), "withoutCloseDate": missing("end"),
        "withoutEngageDate": missing("start"), "withoutAmount": missing("value"),
    }


def imports(folder, deals):
    teams, accounts = read(folder, "sales_teams"), read(folder, "accounts")
    managers, children = len({row["manager"] for row in teams}), sum(bool(row["subsidiary_of"]) for row in accounts)
    spellings = Counter(row["product"] for row in read(folder, "sales_pipeline"))
    count = lambda **said: {"created": 0, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0, **said}
    return {
        "managers": count(created=managers, skipped=len(teams) - managers),
        "users": count(created=len(teams)),
        "products": count(created=len(read(folder, "products"))),
        "accounts": count(created=len(accounts)),
        "subsidiaries": count(updated=children, unchanged=len(accounts) - children),
        "opportunities": count(created=len(deals)),
        "replaced": [{"column": "product", "from": old, "to": new, "count": spellings[old]} for old, new in SPELLINGS.items()],
    }


def expected(folder):
    deals = load(folder)
    won = [deal for deal in deals if deal["stage"] == "WON"]
    prices = {row["product"]: Decimal(row["sales_price"]) for row in read(folder, "products")}
    return {
        "currency": "USD",
        "imports": imports(folder, deals),
        "stages": dict(sorted(Counter(deal["stage"] for deal in deals).items())),
        "gaps": gaps(deals),
        "wonByManagerAndQuarter": won_by_manager_and_quarter(won),
        "byProduct": by_product(deals, prices),
        "medianDaysToClose": median_days(won),
        "subsidiaries": subsidiaries(read(folder, "accounts")),
        "busyAgents": busy_agents(won),
    }


def main():
    folder = os.environ.get("TENON_REAL_DATA")
    if not folder:
        sys.exit("TENON_REAL_DATA must name the folder that holds sales_pipeline.csv")
    answer = expected(pathlib.Path(folder))
    if "--check" in sys.argv[1:]:
        same = json.loads((HERE / "expected.json").read_text(encoding="utf-8")) == answer
        sys.exit(0 if same else "expected.json differs from what the files give")
    print(json.dumps(answer, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
