"""What must be true of a phone that has booted its image.

Run by `bitbake -c testimage ip270-image-dev`, and on the machine of ci/image by tests/device/test_oeqa.py. They ask
with what is in either: a shell, systemd's own tools, RAUC's and GRUB's.
"""

import ipaddress
import time
from collections.abc import Callable

from oeqa.core.decorator.depends import OETestDepends
from oeqa.runtime.case import OERuntimeTestCase

UNITS = ("ip270.service", "ip270-kiosk.service", "ip270-steward@.service")
MOST_EXPOSED = 30
"""In tenths, as systemd-analyze security rates."""
START_S = 900.0
"""For a slow, emulated machine."""
LISTENING = "0A"
"""A TCP socket's state in /proc/net/tcp, and UDP's without a peer in /proc/net/udp is 07 (proc_pid_net(5))."""
UNCONNECTED = "07"


class PhoneTest(OERuntimeTestCase):
    """The phone, its kiosk and what they stand on."""

    def shell(self, command: str) -> str:
        """What the command prints on the device. Fails with it when the command fails."""
        status, output = self.target.run(command)
        self.assertEqual(status, 0, f"{command}: {output}")
        return output.strip()

    def until(self, command: str, enough: Callable[[str], bool]) -> None:
        """Ask again until what the command prints is enough. Fails when it is not in time."""
        deadline = time.monotonic() + START_S
        while not enough(told := self.target.run(command)[1].strip()):
            self.assertLess(time.monotonic(), deadline, f"{command}: {told}")
            time.sleep(2)

    def test_all_came_up(self) -> None:
        """The device can be reached, and its start is over without a unit that failed."""
        self.until("systemctl is-system-running", lambda told: told in ("running", "degraded"))
        self.assertEqual(self.shell("systemctl --failed --no-legend --plain"), "")

    @OETestDepends(["ip270.PhoneTest.test_all_came_up"])
    def test_phone_runs(self) -> None:
        """The phone has said by sd_notify that it is ready, the kiosk runs beside it, and the steward can be called."""
        units = "ip270.service ip270-kiosk.service ip270-steward.socket"
        self.assertEqual(self.shell(f"systemctl is-active {units}").split(), ["active"] * 3)

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_devices(self) -> None:
        """The phone can list its devices as the board describes them."""
        self.assertIn("display", self.shell("ip270 devices --board ip270"))

    @OETestDepends(["ip270.PhoneTest.test_all_came_up"])
    def test_system_is_read_only(self) -> None:
        """Nothing can be written to the system, by nobody."""
        self.assertIn("ro", self.mounted("/")[1])
        for folder in ("/etc", "/usr"):
            self.assertNotEqual(self.target.run(f"touch {folder}/written")[0], 0, folder)

    @OETestDepends(["ip270.PhoneTest.test_all_came_up"])
    def test_data_is_kept_in_order(self) -> None:
        """/data is a disk that is written in order, and nothing on it is run, a device, or another's."""
        device, options = self.mounted("/data")
        self.assertLessEqual({"rw", "noatime", "nodev", "nosuid", "noexec"}, options)
        self.assertEqual(device, self.shell("readlink -f /dev/disk/by-partlabel/data"))
        asked = self.shell(f"cat /proc/fs/ext4/{device.rpartition('/')[2]}/options").split()
        self.assertLessEqual({"data=ordered", "errors=remount-ro"}, set(asked))
        self.assertEqual(self.shell("stat -c %d /var/lib"), self.shell("stat -c %d /data"))

    @OETestDepends(["ip270.PhoneTest.test_all_came_up"])
    def test_identity_is_kept(self) -> None:
        """The machine's identity is the one on /data."""
        self.assertEqual(self.shell("cat /etc/machine-id"), self.shell("cat /data/machine-id"))

    @OETestDepends(["ip270.PhoneTest.test_all_came_up"])
    def test_panel_has_no_console(self) -> None:
        """No log-in waits on the panel and the kernel writes elsewhere."""
        status, _ = self.target.run("systemctl is-active getty@tty1.service")
        self.assertNotEqual(status, 0)
        self.assertNotIn("tty0", self.shell("cat /sys/class/tty/console/active").split())

    @OETestDepends(["ip270.PhoneTest.test_all_came_up"])
    def test_nobody_can_log_in(self) -> None:
        """No account has a password or may do without; in the image with a remote shell, root alone may."""
        accounts = [line.split(":") for line in self.shell("cat /etc/shadow").splitlines()]
        open_ones = {name for name, password, *_ in accounts if not password.startswith(("!", "*"))}
        self.assertEqual(open_ones, {"root"} if self.has_remote_shell() else set())

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_only_the_phone_listens(self) -> None:
        """Whoever waits for others on the network is the phone, or the network itself (DHCP)."""
        phone = self.shell("id -u ip270")
        allowed = {("udp", 68), ("udp", 546)} | ({("tcp", 22)} if self.has_remote_shell() else set())
        others = []
        for kind, state in (("tcp", LISTENING), ("udp", UNCONNECTED)):
            for line in self.shell(f"tail -q -n +2 /proc/net/{kind} /proc/net/{kind}6").splitlines():
                _, local, _, now, _, _, _, owner, *_ = line.split()
                address, port = local.split(":")
                if now == state and owner != phone and not is_own(address):
                    others.append((kind, int(port, 16)))
        self.assertEqual(sorted(set(others) - allowed), [])

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_rauc_knows_both_systems(self) -> None:
        """RAUC knows which system runs, that there is another, and for which phone both are."""
        told = dict(line.partition("=")[::2] for line in self.shell("rauc status --output-format=shell").splitlines())
        self.assertEqual(told["RAUC_SYSTEM_BOOTED_BOOTNAME"].strip("'"), self.running_system())
        self.assertEqual(sorted(told["RAUC_SYSTEM_SLOTS"].strip("'").split()), ["rootfs.0", "rootfs.1"])
        self.assertTrue(told["RAUC_SYSTEM_COMPATIBLE"].strip("'").startswith("ip270"))

    @OETestDepends(["ip270.PhoneTest.test_rauc_knows_both_systems"])
    def test_system_counts_as_good(self) -> None:
        """The phone has had the boot loader's count of this system's starts cleared."""
        name = self.running_system()
        counted = "grub-editenv /efi/EFI/BOOT/grubenv list"
        self.until(counted, lambda told: {f"{name}_OK=1", f"{name}_TRY=0"} <= set(told.splitlines()))

    @OETestDepends(["ip270.PhoneTest.test_all_came_up"])
    def test_watchdogs_are_fed(self) -> None:
        """Systemd feeds the board's watchdog where there is one, the phone and its kiosk feed systemd."""
        self.assertEqual(self.shell("systemctl show --property=RuntimeWatchdogUSec --value"), "30s")
        for unit in ("ip270.service", "ip270-kiosk.service"):
            self.assertNotIn(self.shell(f"systemctl show --property=WatchdogUSec --value {unit}"), ("0", "infinity"))
        states = self.shell("cat /sys/class/watchdog/*/state 2>/dev/null || true").split()
        self.assertIn(states[:1], ([], ["active"]))

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_units_are_confined(self) -> None:
        """`systemd-analyze security` rates phone, kiosk and steward under 3.0."""
        for unit in UNITS:
            rate = f"systemd-analyze security --offline=true --threshold={MOST_EXPOSED} --no-pager"
            self.shell(f"{rate} $(systemctl show --property=FragmentPath --value {unit.replace('@.', '@0.')})")

    @OETestDepends(["ip270.PhoneTest.test_phone_runs"])
    def test_no_secret_is_readable(self) -> None:
        """What the phone keeps is its own."""
        self.assertEqual(self.shell("stat -c %U:%a /var/lib/ip270"), "ip270:700")
        files = [line for line in self.shell("ls -lAR /var/lib/ip270/").splitlines() if line.startswith("-")]
        self.assertEqual([line for line in files if line[4:10] != "------"], [])

    def has_remote_shell(self) -> bool:
        """Whether this is the developers' image."""
        return bool(self.target.run("test -e /usr/sbin/sshd")[0] == 0)

    def running_system(self) -> str:
        """Its name, by which GRUB started it: A or B."""
        words = self.shell("cat /proc/cmdline").split()
        return next(word.removeprefix("rauc.slot=") for word in words if word.startswith("rauc.slot="))

    def mounted(self, folder: str) -> tuple[str, set[str]]:
        """What is mounted there last: the device and its options."""
        lines = [line.split() for line in self.shell("cat /proc/mounts").splitlines()]
        device, _, _, options, *_ = next(line for line in reversed(lines) if line[1] == folder)
        return device, set(options.split(","))


def is_own(address: str) -> bool:
    """Whether only the device itself reaches an address of /proc/net: words of 32 bits, the low octet first."""
    octets = b"".join(bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8))
    return ipaddress.ip_address(octets).is_loopback
