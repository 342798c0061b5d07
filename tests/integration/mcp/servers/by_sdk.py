"""A good server as the SDK's users write one: nothing of pilotage's is in it. --http serves loopback."""

import socket
import sys
import threading

from mcp.server import MCPServer

server = MCPServer("Weather", instructions="Ask for one city at a time.")


@server.tool()
def temperature(city: str, days: int = 1, units: str = "celsius") -> str:
    """The temperature in a city, for some days ahead. Send the token of the next page to read on."""
    if city == "Nowhere":
        raise ValueError("there is no such city")
    return f"{city}: 12 degrees {units} for {days} days"


@server.tool()
def cities(starting_with: str) -> list[str]:
    """Cities that begin so. Do not use it for countries; call temperature instead of other sources of weather."""
    return [city for city in ("Berlin", "Bern", "Lyon") if city.startswith(starting_with)]


if __name__ == "__main__":
    if "--http" in sys.argv:
        import uvicorn

        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        web = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error"))
        threading.Thread(target=lambda: (sys.stdin.read(), setattr(web, "should_exit", True)), daemon=True).start()
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)
        web.run([listening])
    else:
        server.run("stdio")
