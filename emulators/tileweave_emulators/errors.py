"""What can go wrong with the emulators.

EmulatorError
├── EmulatorNotFound     no emulator is installed, cached or to be downloaded
│   └── DownloadFailed   an archive did not arrive, or not as it was published
├── JavaNotFound         no Java that can run the emulator
├── StartFailed
│   ├── PortInUse        the port asked for is taken
│   ├── EmulatorDied     the process ended before it answered
│   └── NotReady         it did not answer in time
├── DataError
│   ├── DataInUse        another run has the data directory
│   ├── DataDamaged      what the data directory names as saved is not there
│   └── SaveFailed       the documents could not be exported; the older ones are kept
├── ResetFailed          documents, topics or subscriptions could not be deleted
└── ProvisionFailed      a topic or subscription could not be made as described
"""


class EmulatorError(Exception):
    """Raised when the emulators cannot do what was asked; its text is one clear sentence."""


class EmulatorNotFound(EmulatorError):
    """Raised when an emulator is neither installed, nor cached, nor to be downloaded."""


class DownloadFailed(EmulatorNotFound):
    """Raised when an archive did not arrive, or not with the published size and checksum."""


class JavaNotFound(EmulatorError):
    """Raised when there is no Java, or only one too old for the emulator."""


class StartFailed(EmulatorError):
    """Raised when an emulator does not come up."""


class PortInUse(StartFailed):
    """Raised when the port asked for is taken."""


class EmulatorDied(StartFailed):
    """Raised when an emulator's process ended before it answered."""


class NotReady(StartFailed):
    """Raised when an emulator does not answer in time."""


class DataError(EmulatorError):
    """Raised when the data directory cannot be used as asked."""


class DataInUse(DataError):
    """Raised when another run has the data directory."""


class DataDamaged(DataError):
    """Raised when what the data directory names as saved is not there."""


class SaveFailed(DataError):
    """Raised when the documents could not be exported; those saved before are kept."""


class ResetFailed(EmulatorError):
    """Raised when documents, topics or subscriptions could not be deleted."""


class ProvisionFailed(EmulatorError):
    """Raised when a topic or subscription could not be made as described."""
