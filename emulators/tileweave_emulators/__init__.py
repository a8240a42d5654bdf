"""The official Firestore and Pub/Sub emulators: found, started, waited for, reset, stopped."""

from tileweave_emulators.emulators import DEFAULT_PROJECT, Emulators
from tileweave_emulators.errors import (
    DataDamaged,
    DataError,
    DataInUse,
    DownloadFailed,
    EmulatorDied,
    EmulatorError,
    EmulatorNotFound,
    JavaNotFound,
    NotReady,
    PortInUse,
    ProvisionFailed,
    ResetFailed,
    SaveFailed,
    StartFailed,
)
from tileweave_emulators.running import Running, Served

__all__ = [
    "DEFAULT_PROJECT",
    "DataDamaged",
    "DataError",
    "DataInUse",
    "DownloadFailed",
    "EmulatorDied",
    "EmulatorError",
    "EmulatorNotFound",
    "Emulators",
    "JavaNotFound",
    "NotReady",
    "PortInUse",
    "ProvisionFailed",
    "ResetFailed",
    "Running",
    "SaveFailed",
    "Served",
    "StartFailed",
]
