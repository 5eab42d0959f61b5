"""What the clients are made to do, each a program for the environment that has them.

Each prints one line of JSON.
"""

HUB_AUTH = """
import json, os
from jupyterhub.services.auth import HubAuth

auth = HubAuth()
print(json.dumps([auth.user_for_token(os.environ["USER_TOKEN"]), auth.user_for_token("no-such")]))
"""

HUB_OAUTH = """
import asyncio, json, os
from tornado import web
from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

class Who(HubOAuthenticated, web.RequestHandler):
    @web.authenticated
    def get(self):
        self.write(self.get_current_user())

async def main():
    prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
    app = web.Application(
        [(prefix, Who), (prefix + "oauth_callback", HubOAuthCallbackHandler)],
        cookie_secret=os.urandom(32),
    )
    sockets = bind_sockets(int(os.environ["SERVICE_PORT"]), "127.0.0.1")
    HTTPServer(app).add_sockets(sockets)
    await asyncio.Event().wait()

asyncio.run(main())
"""

JHUB_CLIENT = """
import asyncio, json, os
from jhub_client.api import JupyterHubAPI

async def main():
    said = []
    async with JupyterHubAPI(os.environ["HUB_URL"]) as hub:
        said.append((await hub.ensure_user("carl", create_user=True))["name"])
        said.append((await hub.info())["version"])
        await hub.ensure_server("carl", timeout=5)
        said.append(sorted(await hub.list_proxy()))
        said.append([user["name"] for user in await hub.list_users()])
        await hub.ensure_server_deleted("carl", timeout=5)
        await hub.delete_user("carl")
        said.append(await hub.get_user("carl"))
    print(json.dumps(said))

asyncio.run(main())
"""

NBGRADER = """
import json
from nbgrader.auth.jupyterhub import JupyterHubAuthPlugin

plugin = JupyterHubAuthPlugin()
plugin.add_student_to_course("ann", "algebra")
before = plugin.get_student_courses("ann")
plugin.remove_student_from_course("ann", "algebra")
print(json.dumps([before, plugin.get_student_courses("ann")]))
"""
