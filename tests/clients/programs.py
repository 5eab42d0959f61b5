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

JHUB_APPS = """
import json
from jhub_apps.hub_client.hub_client import HubClient
from jhub_apps.service.models import SharePermissions, UserOptions

app = UserOptions(
    jhub_app=True, display_name="An App", description="", thumbnail="", filepath="",
    framework="panel",
)
hub, bob, said = HubClient(username="ann"), HubClient(username="bob"), []
said.append(hub.create_server("ann", "An App!", app))
said.append(hub.get_server("ann", "an-app")["user_options"])
shares = SharePermissions(users=["bob"], groups=["team"])
given = hub._share_server_with_multiple_entities("ann", "an-app", share_with=shares)
said.append({name: share["server"]["url"] for name, share in given.items()})
said.append(hub.delete_server("ann", "an-app"))
try:
    hub.start_server("ann", "an-app")
except TypeError as error:
    said.append(str(error))
said.append(hub.edit_server("ann", "an-app", app))
said.append(hub.start_server("ann", None).status_code)
said.append(hub.start_server("ann", None).json()["message"])
said.append(sorted(hub.get_user()["servers"]))
said.append(hub.delete_server("ann", "an-app", remove=True))
said.append(hub.delete_server("ann", None))
said.append(bob.get_user()["servers"][""]["user_options"])
said.append([each["name"] for each in hub.get_groups()])
said.append([sorted(each["name"] for each in hub.get_users()), len(hub.get_user_scopes()) > 9])
print(json.dumps(said))
"""

DASK_GATEWAY = """
import asyncio, json, os
from aiohttp import web
from dask_gateway_server.auth import JupyterHubAuthenticator

class Asked:
    def __init__(self, token):
        self.headers = {"Authorization": f"jupyterhub {token}"}

async def who(gateway, token):
    try:
        user = await gateway.authenticate(Asked(token))
    except web.HTTPException as error:
        return error.status
    return [user.name, sorted(user.groups), user.admin]

async def main():
    gateway = JupyterHubAuthenticator(jupyterhub_service_name="gateway")
    await gateway.setup(None)
    print(json.dumps([await who(gateway, token) for token in json.loads(os.environ["TOKENS"])]))
    await gateway.cleanup()

asyncio.run(main())
"""

_BROWSER = """
import json, os, re
import requests

hub, redirect = os.environ["HUB_URL"], os.environ["REDIRECT"]
client, secret = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
authorize, exchange = f"{hub}/hub/api/oauth2/authorize", f"{hub}/hub/api/oauth2/token"

def sent_back(url):
    browser = requests.Session()
    login = browser.get(url)
    name = {"username": "ann", "password": os.environ["PASSWORD"]}
    way = browser.post(
        login.url, {**name, "_xsrf": browser.cookies["_xsrf"]}, allow_redirects=False
    ).headers["location"]
    page = browser.get(hub + way, allow_redirects=False)
    if page.status_code == 200:
        fields = re.findall(r'name="(_xsrf|scopes)"[^>]*value="([^"]+)"', page.text)
        page = browser.post(page.url, fields, allow_redirects=False)
    return page.headers["location"]

def of(token, session):
    user = session.get(f"{hub}/hub/api/user").json()
    scopes = token["scope"] if isinstance(token["scope"], list) else token["scope"].split()
    return [user["name"], user["groups"], sorted(scopes), token["token_type"], token["expires_in"]]
"""

REQUESTS_OAUTHLIB = f"""{_BROWSER}
from requests_oauthlib import OAuth2Session

def session(**more):
    return OAuth2Session(client, redirect_uri=redirect, pkce=os.environ["PKCE"] or None, **more)

def fetch(session, secret=secret):
    back = sent_back(session.authorization_url(authorize)[0])
    more = {{"client_secret": secret, "include_client_id": True}}
    return session.fetch_token(exchange, authorization_response=back, **more)

def failure(secret=secret, **more):
    try:
        fetch(session(**more), secret)
    except Exception as error:
        return type(error).__name__

mine = session()
failures = [failure("wrong"), failure(scope=["admin:users"])]
print(json.dumps([of(fetch(mine), mine), failures]))
"""

AUTHLIB = f"""{_BROWSER}
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

def session(method="client_secret_post", **more):
    more["code_challenge_method"] = os.environ["PKCE"] or None
    return OAuth2Session(
        client, secret, redirect_uri=redirect, token_endpoint_auth_method=method, **more
    )

def fetch(session, verifier="v" * 50):
    more = {{"code_verifier": "v" * 50}} if os.environ["PKCE"] else {{}}
    back = sent_back(session.create_authorization_url(authorize, **more)[0])
    if more:
        more["code_verifier"] = verifier
    return session.fetch_token(exchange, authorization_response=back, **more)

def failure(verifier="v" * 50, **more):
    try:
        fetch(session(**more), verifier)
    except OAuthError as error:
        return error.error

mine = session()
failures = [failure(method="client_secret_basic"), failure(method="none")]
if os.environ["PKCE"]:
    failures.append(failure("w" * 50))
print(json.dumps([of(fetch(mine), mine), failures]))
"""
