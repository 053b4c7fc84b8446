"""How right the labels are, by what people say; and whether a newer version is better."""

from typing import Annotated

from fastapi import APIRouter, Query

from earmark.api.accuracy import AccuracyReport, report_accuracy
from earmark.api.deps import CurrentWorkspace, Reader
from earmark.api.problems import problem_responses
from earmark.api.versions import compare_versions
from earmark.db.evaluation_storage import LabelStage
from earmark.evaluation.gates import Comparison

router = APIRouter(
    prefix="/workspaces/{workspace}/accuracy",
    tags=["accuracy"],
    responses=problem_responses(404, 422, 503),
)

StageOption = Annotated[
    LabelStage, Query(description="`open`: by the first message alone; `final`: by the thread")
]
VersionText = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        description="Version of a model, or its beginning; or `taxonomy N`",
    ),
]


@router.get("", operation_id="getAccuracy")
async def get_accuracy(
    reader: Reader, workspace: CurrentWorkspace, stage: StageOption = "final"
) -> AccuracyReport:
    """Precision, recall, calibration, agreement, drift; by labels that people gave."""
    return await report_accuracy(reader, workspace.id, stage)


@router.get("/comparison", operation_id="compareVersions")
async def compare(
    reader: Reader,
    workspace: CurrentWorkspace,
    before: VersionText,
    after: Annotated[
        str | None, Query(min_length=1, max_length=200, description="The same; now if left out")
    ] = None,
    stage: StageOption = "final",
) -> Comparison:
    """An older version against a newer one, on the same conversations; better only if resolved."""
    return await compare_versions(reader, workspace.id, stage, before, after)
