"""What is particular to news: sources that differ, times asked for."""

__all__ = ["conflicts", "figures", "period"]
