"""The two emulators: where each is found, what starts it, and which archive holds it."""

from dataclasses import dataclass

from tileweave_emulators.archives import Archive


@dataclass(frozen=True)
class Kind:
    """One of the emulators."""

    name: str
    title: str
    variable: str
    """The environment variable by which Google's clients know its host."""
    component: str
    """Its jar, as a pattern below the root of the Google Cloud CLI."""
    main_class: str
    """What to run; Google's Firestore jar names none in its manifest."""
    archive: Archive
    heap_variable: str
    """The environment variable that limits its Java heap."""
    heap: str
    """That limit where the variable is not set."""
    package: str
    """The name of its component; after `google-cloud-cli-`, of its Debian package."""

    @property
    def how_to_install(self) -> str:
        """The commands that install it, for an error message."""
        deb = f"google-cloud-cli-{self.package.removeprefix('cloud-')}"
        return f"`gcloud components install {self.package}` or `sudo apt-get install {deb}`"


# Sizes and checksums as published with Firebase's own tools, which use the same archives.
FIRESTORE = Kind(
    name="firestore",
    title="Firestore",
    variable="FIRESTORE_EMULATOR_HOST",
    component="platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
    main_class="com.google.cloud.datastore.emulator.firestore.CloudFirestore",
    archive=Archive(
        name="cloud-firestore-emulator-v1.19.8.jar",
        size=63_634_791,
        sha256="9d43599ed6151199e8d604dc87fac51218e49e5f3a48519b1ae560bbe5e3382d",
    ),
    heap_variable="TILEWEAVE_FIRESTORE_HEAP",
    heap="1g",
    package="cloud-firestore-emulator",
)

PUBSUB = Kind(
    name="pubsub",
    title="Pub/Sub",
    variable="PUBSUB_EMULATOR_HOST",
    component="platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
    main_class="com.google.cloud.pubsub.testing.v1.Main",
    archive=Archive(
        name="pubsub-emulator-0.8.30.zip",
        size=52_917_173,
        sha256="aabf028a55ec3f06fe2223471dad26623be542848abebd7563f8f0b8697dd2a3",
        member="*/lib/*-all.jar",
    ),
    heap_variable="TILEWEAVE_PUBSUB_HEAP",
    heap="1g",
    package="pubsub-emulator",
)
