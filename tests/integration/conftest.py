from tests.reliability.conftest import database, stages

__all__ = ["database", "stages"]
