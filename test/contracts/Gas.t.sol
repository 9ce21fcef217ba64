// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Gas} from "./Gas.sol";
import {AreaRules} from "../../contracts/src/IAreas.sol";
import {Mandate, EpochStart} from "../../contracts/src/ISeats.sol";
import {Reading, Confirmation} from "../../contracts/src/IMeters.sol";
import {Withdrawal, MovePurse} from "../../contracts/src/IPurses.sol";
import {Batch} from "../../contracts/src/ISettlement.sol";
import {TypedData} from "../../contracts/src/TypedData.sol";

/// What settling costs, and every call about an area and a seat that has neither watchers nor a passkey.
contract GasTest is Gas {
    /// The most gas a transaction may use (EIP-7825).
    uint256 internal constant TRANSACTION_CAP = 16_777_216;

    /// Settles two days of `count` seats, half of them sellers, and keeps what the second one costs: the first finds
    /// seats whose opening has still to be carried out.
    function _settleDays(uint256 count) private {
        Home[] memory homes = new Home[](count);
        for (uint256 i = 0; i < count; ++i) {
            homes[i] = _ready(i + 1, i % 2 == 0 ? 0 : 10_000_000);
        }
        _settle(_batch(START, START + DAY), _day(homes, START + DAY));
        bytes memory entries = _day(homes, START + 2 * DAY);
        _settle(_batch(START + DAY, START + 2 * DAY), entries);
    }

    function _day(Home[] memory homes, uint32 end) private returns (bytes memory joined) {
        joined = new bytes(homes.length * 96);
        for (uint256 i = 0; i < homes.length; ++i) {
            Trade memory trade =
                i % 2 == 0 ? Trade(0, 9137, 411, 5003, 0, 0, 5_003_000) : Trade(0, 0, 7919, 0, 5003, 5_503_300, 0);
            bytes memory entry = _entry(homes[i], end, trade);
            assembly ("memory-safe") {
                mcopy(add(add(joined, 0x20), mul(i, 96)), add(entry, 0x20), 96)
            }
        }
        vm.warp(end);
    }

    function test_200_entries_cost_at_most_15000_each() public {
        _settleDays(200);
        uint256 gas = _keep("settle: 200 entries");
        _keep("settle: one of 200 entries", gas / 200);
        _keep("settle: one of 1,000 trades in 1 interval", gas / 1000);
        _keep("settle: one of 96,000 trades in 96 intervals", gas / 96_000);
        vm.assertLe(gas, 200 * 15_000, "gas of 200 entries");
    }

    function test_1100_entries_fit_into_a_transaction() public {
        _settleDays(1100);
        vm.assertLe(_keep("settle: 1,100 entries"), TRANSACTION_CAP, "gas of 1,100 entries");
    }

    function test_a_batch_in_parts() public {
        Home[] memory homes = new Home[](100);
        for (uint256 i = 0; i < 100; ++i) {
            homes[i] = _ready(i + 1, i % 2 == 0 ? 0 : 10_000_000);
        }
        bytes memory entries = _day(homes, START + DAY);
        Batch memory batch = _inParts(_batch(START, START + DAY), _two(entries, ""));
        _settle(batch, entries);
        batch.part = 1;
        _settle(batch, "");
        _keep("settle: last part, empty");
        uint128 taken = escrow.gridBalance(area);
        vm.prank(grid);
        escrow.withdrawGrid(area, taken, grid);
        _keep("withdrawGrid");
        entries = _day(homes, START + 2 * DAY);
        batch = _inParts(_batch(START + DAY, START + 2 * DAY), _two(entries, ""));
        _settle(batch, entries);
        _keep("settle: one of 100 entries of a part", vm.lastCallGas().gasTotalUsed / 100);
        vm.prank(operator);
        escrow.abandonBatch(area);
        _keep("abandonBatch");
    }

    bool private _keysChanged;

    function _keyAt(Home memory home, uint32) internal view override returns (uint256) {
        return _keysChanged ? home.meterKey ^ 1 : home.meterKey;
    }

    function test_entries_of_meters_that_changed_their_key() public {
        Home[] memory homes = new Home[](100);
        for (uint256 i = 0; i < 100; ++i) {
            homes[i] = _ready(i + 1, i % 2 == 0 ? 0 : 10_000_000);
        }
        _settle(_batch(START, START + DAY), _day(homes, START + DAY));
        for (uint256 i = 0; i < 100; ++i) {
            _rotate(homes[i], homes[i].meterKey ^ 1, 0);
        }
        _keep("rotateKey");
        _keysChanged = true;
        _settle(_batch(START + DAY, START + 2 * DAY), _day(homes, START + 2 * DAY));
        _keep("settle: one of 100 entries with another key", vm.lastCallGas().gasTotalUsed / 100);
    }

    function test_every_other_call() public {
        _openArea(_rules(2));
        _keep("openArea");
        _offices();
        Home memory home = _home(1);
        _open(home);
        _keep("openSeat");
        _confirmSigned(home);
        token.mint(home.account, 10_000_000);
        vm.prank(home.account);
        token.approve(address(escrow), 10_000_000);
        vm.prank(home.account);
        escrow.deposit(home.seat, 1_000_000);
        _keep("deposit");
        _permitted(home);
        vm.warp(START + DAY);
        bytes memory entry = _entry(home, START + DAY, Trade(0, 5, 5, 0, 0, 0, 0));
        _settle(_batch(START, START + DAY), entry);
        _keep("settle: one entry, the first after the opening");
        vm.warp(START + 2 * DAY);
        _settle(_batch(START + DAY, START + 2 * DAY), "");
        _keep("settle: no entry");
        _epochs(home);
        _changes(home);
        _withdraws(home);
    }

    function _offices() private {
        vm.startPrank(grid);
        escrow.offerOperator(area, operator);
        _keep("offerOperator");
        escrow.offerGrid(area, grid);
        _keep("offerGrid");
        escrow.showPresence(area);
        _keep("showPresence");
        vm.stopPrank();
        vm.prank(operator);
        escrow.acceptOperator(area);
        _keep("acceptOperator");
    }

    function test_offices_that_pass_on() public {
        address heir = address(0x4e1);
        AreaRules memory unnumbered = _rules(2);
        unnumbered.successor = heir;
        uint32 inherited = _openArea(unnumbered).area;
        vm.prank(grid);
        escrow.offerGrid(area, heir);
        vm.warp(block.timestamp + DELAY);
        vm.prank(heir);
        escrow.acceptGrid(area);
        _keep("acceptGrid");
        vm.prank(heir);
        escrow.dismissOperator(area);
        _keep("dismissOperator");
        vm.warp(block.timestamp + 30 days);
        vm.prank(heir);
        escrow.claimSuccession(inherited);
        _keep("claimSuccession");
    }

    function test_a_purse_that_moves() public {
        Home memory home = _ready(1, 10_000_000);
        Home memory next = _home(2);
        (next.account, next.accountKey) = (home.account, home.accountKey);
        next.seat = _open(next, _mandate(next), uint32(block.timestamp), _epoch(next));
        MovePurse memory move = MovePurse(home.account, home.seat, next.seat, TEN, 0, NO_DEADLINE);
        bytes memory signature = _sign(home.accountKey, hashes.hash(move));
        escrow.requestMove(move, signature);
        _keep("requestMove");
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        _keep("claim: a purse that moves");
    }

    function _confirmSigned(Home memory home) private {
        Confirmation memory confirmation = _confirmation(home, 10_000, START);
        bytes memory signature = _sign(GRID_KEY, hashes.hash(confirmation));
        escrow.confirmMeter(confirmation, signature);
        _keep("confirmMeter");
    }

    function _permitted(Home memory home) private {
        bytes memory permit = _permit(home, 7_000_000, NO_DEADLINE);
        escrow.depositWithPermit(home.seat, 7_000_000, NO_DEADLINE, permit);
        _keep("depositWithPermit");
    }

    function _epochs(Home memory home) private {
        EpochStart memory next = _epoch(home, 2, START + 2 * DAY, 3, 4);
        bytes32 structHash = hashes.hash(next);
        bytes memory byMeter = _sign(home.meterKey, structHash);
        bytes memory byAccount = _sign(home.accountKey, structHash);
        bytes memory byGrid = _sign(GRID_KEY, structHash);
        vm.prank(operator);
        escrow.startEpoch(home.seat, next, byMeter, byAccount, byGrid);
        _keep("startEpoch");
    }

    function _changes(Home memory home) private {
        Mandate memory next = _mandate(home);
        next.version = 2;
        bytes memory signature = _sign(home.accountKey, hashes.hash(next));
        escrow.changeMandate(home.seat, next, signature);
        _keep("changeMandate");
        signature = _sign(GRID_KEY, TypedData.hashRevoke(home.seat, START, 2, NO_DEADLINE));
        escrow.revokeMeter(home.seat, START, 2, NO_DEADLINE, signature);
        _keep("revokeMeter");
        Reading memory first = _reading(home, START + 2 * DAY, 1, 1);
        Reading memory second = _reading(home, START + 2 * DAY, 1, 2);
        signature = _sign(home.meterKey, hashes.hash(first));
        bytes memory other = _sign(home.meterKey, hashes.hash(second));
        escrow.reportEquivocation(first, signature, second, other);
        _keep("reportEquivocation");
        signature = _signedClosing(home, escrow.seatView(home.seat).version + 1);
        escrow.closeSeat(home.seat, escrow.seatView(home.seat).version + 1, NO_DEADLINE, signature);
        _keep("closeSeat");
    }

    function _withdraws(Home memory home) private {
        Withdrawal memory withdrawal = Withdrawal(home.account, home.seat, 50_000_000, home.account, 0, NO_DEADLINE);
        bytes memory signature = _sign(home.accountKey, hashes.hash(withdrawal));
        escrow.requestWithdrawal(withdrawal, signature);
        _keep("requestWithdrawal");
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        _keep("claim");
    }
}
