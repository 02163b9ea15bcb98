"""The partner API's endpoints that stand above single games: reports, multi, changelog, status, description."""
