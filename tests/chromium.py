"""Chromium and the driver of the same distribution, for the tests of pages."""

import contextlib
import shutil

import pytest

#: Without these, Chromium asks for updates, components, the time and accounts when it starts. The
#: last rule is what counts: it can find no other machine.
OFFLINE = (
    *("disable-background-networking", "disable-component-update", "disable-default-apps"),
    *("disable-domain-reliability", "disable-extensions", "disable-sync", "no-first-run"),
    "allow-browser-signin=false",
    "disable-features=AutofillServerCommunication,MediaRouter,NetworkTimeServiceQuerying,"
    "OptimizationHints",
    "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@contextlib.contextmanager
def chromium(*arguments):
    """Start a headless browser; the test is skipped if there is none."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        pytest.skip("chromium or chromedriver is missing: apt-get install chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = program
    looks = ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1320,1600")
    for argument in (*looks, *OFFLINE, *arguments):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield opened
    finally:
        opened.quit()


@contextlib.contextmanager
def screen(browser, width, height=1000):
    """Let the page believe that its window has this size in pixels; windows have a least one."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
