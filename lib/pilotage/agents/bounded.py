"""A chat server's response, read only as far as an answer may be long."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

from pilotage.agents.endpoint import Endpoint


class Bounded(httpx2.AsyncByteStream):
    """The bytes of a response; AgentFault where there are more than an answer may have."""

    def __init__(self, stream: httpx2.AsyncByteStream, endpoint: Endpoint) -> None:
        self._stream, self._endpoint = stream, endpoint

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._stream:
            size += len(piece)
            self._endpoint.check_length(size)
            yield piece

    async def aclose(self) -> None:
        """The connection is let go."""
        await self._stream.aclose()
