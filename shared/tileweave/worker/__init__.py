"""Workers in Python: a function for each job.

```python
from tileweave.worker import Failed, Retry, TileJob, tiles

@tiles(parallel=4, timeout=3600)
def process(job: TileJob) -> str | None:
    ...

if __name__ == "__main__":
    process.run()
```
"""

from tileweave.jobs.errors import WorkerError
from tileweave.jobs.typed import JobScene, JobTile, SceneJob, TileJob
from tileweave.worker.ends import Failed, GiveBack, Retry
from tileweave.worker.functions import JobFunction, scenes, tiles
from tileweave.worker.running import run

__all__ = [
    "Failed",
    "GiveBack",
    "JobFunction",
    "JobScene",
    "JobTile",
    "Retry",
    "SceneJob",
    "TileJob",
    "WorkerError",
    "run",
    "scenes",
    "tiles",
]
