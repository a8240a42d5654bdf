"""A worker in Python: a function for scenes, and one for tiles."""

import logging

from tileweave.worker import GiveBack, Retry, SceneJob, TileJob, run, scenes, tiles

logger = logging.getLogger(__name__)


@scenes(parallel=2)
def download(job: SceneJob) -> str | None:
    """Download a scene."""
    logger.info("downloading %s of %s", job.source_id, job.datetime)
    return None


@tiles(parallel=4, timeout=3600)
def process(job: TileJob) -> str | None:
    """Process a tile, image by image."""
    if job.scene.data.get("is_offline"):
        raise Retry("the scene is not there yet")
    images = ("VV", "VH")
    for image in images:
        if job.stopping.is_set():
            raise GiveBack
        logger.info("processing %s of %s", image, job.source_id)
    return f"{len(images)} images"


if __name__ == "__main__":
    run(download, process, until_idle=2)  # without `until_idle` until SIGTERM
