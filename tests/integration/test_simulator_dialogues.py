"""Dialogues from a file, served."""

import json
from pathlib import Path

from simulator_rig import END, simulate

from earmark.sources.simulator.dialogues import DialogueDataset, DialogueSpec


async def test_dialogues_are_served_like_conversations(tmp_path: Path) -> None:
    path = tmp_path / "small.jsonl"
    rows = [
        {
            "id": f"d{number}",
            "turns": [
                {"by": "customer", "text": f"question {number}"},
                {"by": "agent", "text": "an answer"},
            ],
            "labels": {"domain": "test", "intents": ["ask"]},
        }
        for number in range(45)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    async with simulate(DialogueDataset(DialogueSpec(paths=(path,), end=END))) as simulator:
        query = {"field": "created_at", "operator": ">", "value": 0}
        sort = {"field": "created_at", "order": "ascending"}
        found = await simulator.search_all(query, 20, sort=sort)
        assert len(found) == 45
        last = (await simulator.get(f"/conversations/{found[44]}")).json
        assert last["source"]["body"] == "<p>question 44</p>"
        assert last["conversation_parts"]["total_count"] == 1
        closed = await simulator.search({"field": "state", "operator": "=", "value": "closed"})
        assert closed.json["total_count"] == 45
        assert (await simulator.get("/companies/scroll")).json["data"] == []
        assert (await simulator.get("/contacts")).json["total_count"] == 45
        assert (await simulator.get("/conversations/deleted")).json["conversations"] == []
        assert (await simulator.get("/teams")).json["teams"] == []
