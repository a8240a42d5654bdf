def record(name: str, **numbers: int) -> None:
    pass
