// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Vm} from "./Vm.sol";
import {IEscrow} from "../../contracts/src/IEscrow.sol";
import {AreaRules, Watchers} from "../../contracts/src/IAreas.sol";
import {Mandate, ConsentTimes, EpochStart, SeatView} from "../../contracts/src/ISeats.sol";
import {Confirmation, Reading, RotateKey} from "../../contracts/src/IMeters.sol";
import {Withdrawal, MovePurse} from "../../contracts/src/IPurses.sol";
import {Batch, Approvals} from "../../contracts/src/ISettlement.sol";
import {TypedData} from "../../contracts/src/TypedData.sol";
import {LocalEuro} from "../../contracts/src/LocalEuro.sol";

/// Hashes structures that the tests hold in memory: the escrow hashes its calldata.
contract Hashes {
    function hash(AreaRules calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hash(Mandate calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hashConsent(address meter, address account, bytes32 rules, ConsentTimes calldata times)
        external
        pure
        returns (bytes32)
    {
        return TypedData.hashConsent(meter, account, rules, times);
    }

    function hash(EpochStart calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hash(Confirmation calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hash(Reading calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hash(RotateKey calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hash(Withdrawal calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hash(MovePurse calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function areaNumber(AreaRules calldata value) external pure returns (uint32) {
        return TypedData.areaNumber(value);
    }
}

/// A market area with its grid operator, and homes that hold their own keys. Quarter-hours, daily batches, the default tick.
abstract contract Street {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    struct Home {
        uint256 accountKey;
        uint256 meterKey;
        address account;
        address meter;
        uint64 seat;
    }

    struct Trade {
        uint16 lag;
        uint32 exportDelta;
        uint32 importDelta;
        uint32 sold;
        uint32 bought;
        int48 paid;
        int48 received;
    }

    uint32 internal constant INTERVAL = 900;
    uint32 internal constant DAY = 86_400;
    uint32 internal constant DELAY = 3 days;
    /// Midnight UTC, from which the homes trade.
    uint32 internal constant START = 20_834 * DAY;
    uint32 internal constant FAR = START + 1000 * DAY;
    /// Later than anything that the tests do, and less than a year away.
    uint32 internal constant NO_DEADLINE = START + 300 * DAY;
    uint256 internal constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    uint256 internal constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    Hashes internal immutable hashes = new Hashes();
    uint256 internal constant GRID_KEY = 0x61d;
    address internal grid = vm.addr(GRID_KEY);
    address internal operator = address(0x09e4a704);
    LocalEuro internal token;
    IEscrow internal escrow;
    AreaRules internal rules;
    bytes32 internal rulesHash;
    uint32 internal area;

    function setUp() public virtual {
        vm.warp(START - INTERVAL + 10);
        token = new LocalEuro();
        escrow = _deploy(address(token), DELAY);
        _openHome();
    }

    /// Opens the street's own area in the escrow at hand.
    function _openHome() internal {
        rules = _openArea(_rules(1));
        rulesHash = hashes.hash(rules);
        area = rules.area;
    }

    function _deploy(address token_, uint32 delay) internal returns (IEscrow) {
        address registry = vm.deployCode("Registry.sol:Registry", abi.encode(token_, delay));
        return IEscrow(vm.deployCode("Escrow.sol:Escrow", abi.encode(registry)));
    }

    /// These rules with the number that belongs to them.
    function _numbered(AreaRules memory unnumbered) internal view returns (AreaRules memory) {
        unnumbered.area = hashes.areaNumber(unnumbered);
        return unnumbered;
    }

    function _openArea(AreaRules memory unnumbered) internal returns (AreaRules memory numbered) {
        numbered = _numbered(unnumbered);
        vm.prank(numbered.grid);
        escrow.openArea(numbered, _nobody(), operator);
    }

    function _nobody() internal pure returns (Watchers memory) {
        return Watchers(0, new address[](0));
    }

    function _unwatched() internal pure returns (Approvals memory) {
        return Approvals(_nobody(), "");
    }

    /// Rules that differ from the others' in nothing that matters.
    function _rules(uint32 variant) internal view returns (AreaRules memory) {
        return AreaRules({
            area: 0,
            grid: grid,
            successor: address(0),
            token: escrow.token(),
            intervalSeconds: INTERVAL,
            batchSeconds: DAY,
            priceTick: 100,
            maxGridPerKwh: 1000,
            maxBandTicks: 5000,
            confirmation: 2,
            settlingGrade: 0,
            allocation: 0,
            watchers: 0,
            watcherGraceSeconds: variant
        });
    }

    // --- signatures ---

    function _separator() internal view returns (bytes32) {
        return _separatorOf(block.chainid, address(escrow));
    }

    function _separatorOf(uint256 chainId, address escrow_) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Commonwatt"),
                keccak256("2"),
                chainId,
                escrow_
            )
        );
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", _separator(), structHash));
    }

    function _sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(structHash));
        return abi.encodePacked(r, s, v);
    }

    function _compact(uint256 key, bytes32 digest) internal pure returns (bytes32 r, bytes32 vs) {
        uint8 v;
        bytes32 s;
        (v, r, s) = vm.sign(key, digest);
        vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
    }

    /// The account's next permit for the escrow, in the street's token.
    function _permit(Home memory home, uint256 tokens, uint256 deadline) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(home.accountKey, _permitDigest(home, tokens, deadline));
        return abi.encodePacked(r, s, v);
    }

    function _permitDigest(Home memory home, uint256 tokens, uint256 deadline) internal view returns (bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                home.account,
                address(escrow),
                tokens,
                token.nonces(home.account),
                deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
    }

    // --- homes ---

    function _home(uint256 number) internal pure returns (Home memory home) {
        home.accountKey = uint256(keccak256(abi.encode("account", number))) % ORDER;
        home.meterKey = uint256(keccak256(abi.encode("meter", number))) % ORDER;
        home.account = vm.addr(home.accountKey);
        home.meter = vm.addr(home.meterKey);
    }

    function _mandate(Home memory home) internal view returns (Mandate memory) {
        return Mandate({
            account: home.account,
            meter: home.meter,
            rules: rulesHash,
            sellFloor: 500,
            buyCeiling: 4000,
            maxSellWh: 10_000,
            maxBuyWh: 10_000,
            validFrom: START,
            validUntil: FAR,
            version: 1,
            deadline: NO_DEADLINE
        });
    }

    function _epoch(Home memory home) internal view returns (EpochStart memory) {
        return _epoch(home, 1, START, 1_000_000, 2_000_000);
    }

    function _epoch(Home memory home, uint16 epoch, uint32 time, uint48 importWh, uint48 exportWh)
        internal
        view
        returns (EpochStart memory)
    {
        return EpochStart(home.account, rulesHash, home.meter, epoch, time, importWh, exportWh);
    }

    /// Of two consents the one that begins later has the later deadline, too.
    function _times(uint32 validFrom) internal pure returns (ConsentTimes memory) {
        return ConsentTimes(validFrom, NO_DEADLINE + validFrom - START);
    }

    /// The consent of a home's meter to serve its account under these rules, signed by `key`.
    function _consent(Home memory home, uint256 key, bytes32 rules_, uint32 validFrom)
        internal
        view
        returns (bytes memory)
    {
        return _sign(key, hashes.hashConsent(home.meter, home.account, rules_, _times(validFrom)));
    }

    function _open(Home memory home, Mandate memory mandate, uint32 consentFrom, EpochStart memory epoch)
        internal
        returns (uint64)
    {
        (epoch.account, epoch.rules) = (mandate.account, mandate.rules);
        return escrow.openSeat(
            mandate,
            _sign(home.accountKey, hashes.hash(mandate)),
            _times(consentFrom),
            _consent(home, home.meterKey, mandate.rules, consentFrom),
            epoch,
            _sign(home.meterKey, hashes.hash(epoch))
        );
    }

    function _open(Home memory home) internal {
        home.seat = _open(home, _mandate(home), START, _epoch(home));
    }

    /// An open, confirmed and funded seat whose base is at START, which is now.
    function _ready(uint256 number, uint256 tokens) internal returns (Home memory home) {
        home = _home(number);
        vm.warp(START - INTERVAL + 10);
        _open(home);
        _confirm(home, 10_000, START);
        if (tokens != 0) _fund(home, tokens);
        vm.warp(START);
    }

    function _seatId(uint32 number) internal view returns (uint64) {
        return (uint64(area) << 32) | number;
    }

    function _reading(Home memory home, uint32 time, uint32 importDelta, uint32 exportDelta)
        internal
        view
        returns (Reading memory)
    {
        SeatView memory seat = escrow.seatView(home.seat);
        return Reading(home.meter, seat.epoch, time, seat.importWh + importDelta, seat.exportWh + exportDelta, 0);
    }

    /// The key that signs for a home's meter at a boundary; overridden where keys change.
    function _keyAt(Home memory home, uint32) internal view virtual returns (uint256) {
        return home.meterKey;
    }

    function _rotation(Home memory home, uint256 next, uint32 from) internal pure returns (RotateKey memory) {
        return RotateKey(home.account, home.meter, vm.addr(home.meterKey), vm.addr(next), from, NO_DEADLINE);
    }

    /// Hands the meter over from `home.meterKey` to `next`.
    function _rotate(Home memory home, uint256 next, uint32 from) internal {
        _rotate(home, next, _rotation(home, next, from));
    }

    function _rotate(Home memory home, uint256 next, RotateKey memory rotation) internal {
        bytes32 structHash = hashes.hash(rotation);
        escrow.rotateKey(
            rotation, _sign(home.accountKey, structHash), _sign(home.meterKey, structHash), _sign(next, structHash)
        );
    }

    function _confirmation(Home memory home, uint24 nameplateWh, uint32 from)
        internal
        view
        returns (Confirmation memory)
    {
        uint32 bars = escrow.meterView(home.meter).bars;
        return
            Confirmation(home.seat, "zone", nameplateWh, rules.settlingGrade, from, bars, _version(home), NO_DEADLINE);
    }

    /// What the grid operator says next of a home's meter carries this.
    function _version(Home memory home) internal view returns (uint32) {
        return escrow.instructionOf(home.meter, uint32(home.seat >> 32)) + 1;
    }

    function _confirm(Home memory home, uint24 nameplateWh, uint32 from) internal {
        Confirmation memory confirmation = _confirmation(home, nameplateWh, from);
        vm.prank(grid);
        escrow.confirmMeter(confirmation, "");
    }

    function _revoke(Home memory home, uint32 from) internal {
        uint32 version = _version(home);
        vm.prank(grid);
        escrow.revokeMeter(home.seat, from, version, NO_DEADLINE, "");
    }

    function _change(Home memory home, Mandate memory mandate) internal {
        escrow.changeMandate(home.seat, mandate, _sign(home.accountKey, hashes.hash(mandate)));
    }

    function _signedClosing(Home memory home, uint32 version) internal view returns (bytes memory) {
        return _sign(home.accountKey, TypedData.hashClose(home.account, home.seat, version, NO_DEADLINE));
    }

    function _close(Home memory home) internal {
        uint32 version = escrow.seatView(home.seat).version + 1;
        vm.prank(home.account);
        escrow.closeSeat(home.seat, version, NO_DEADLINE, "");
    }

    function _fund(Home memory home, uint256 tokens) internal {
        token.mint(home.account, tokens);
        vm.startPrank(home.account);
        token.approve(address(escrow), tokens);
        escrow.deposit(home.seat, tokens);
        vm.stopPrank();
    }

    function _request(Home memory home, uint128 amount, address to) internal {
        uint32 nonce = escrow.withdrawalOf(home.seat).nextNonce;
        vm.prank(home.account);
        escrow.requestWithdrawal(Withdrawal(home.account, home.seat, amount, to, nonce, NO_DEADLINE), "");
    }

    // --- batches ---

    /// A batch whose parts and take are still to be filled in.
    function _batch(uint32 start, uint32 end) internal view returns (Batch memory) {
        return Batch({
            area: area,
            start: start,
            end: end,
            bandLow: 0,
            bandHigh: 4000,
            statementRoot: keccak256("statement"),
            gridTake: 0,
            parts: new bytes32[](0),
            part: 0
        });
    }

    /// The batch with these entries as its only part, and the take that they leave.
    function _whole(Batch memory batch, bytes memory entries) internal pure returns (Batch memory) {
        bytes[] memory parts = new bytes[](1);
        parts[0] = entries;
        return _inParts(batch, parts);
    }

    function _inParts(Batch memory batch, bytes[] memory parts) internal pure returns (Batch memory) {
        int256 take = 0;
        batch.parts = new bytes32[](parts.length);
        for (uint256 i = 0; i < parts.length; ++i) {
            (bytes memory words, int256 left) = _wordsOf(parts[i]);
            batch.parts[i] = keccak256(words);
            take += left;
        }
        batch.gridTake = take < 0 ? 0 : uint128(uint256(take));
        return batch;
    }

    function _two(bytes memory first, bytes memory second) internal pure returns (bytes[] memory parts) {
        parts = new bytes[](2);
        (parts[0], parts[1]) = (first, second);
    }

    /// The first of each entry's three words, and what all pay more than they receive.
    function _wordsOf(bytes memory entries) internal pure returns (bytes memory words, int256 left) {
        words = new bytes(entries.length / 96 * 32);
        for (uint256 i = 0; i < entries.length / 96; ++i) {
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(add(entries, 0x20), mul(i, 96)))
                mstore(add(add(words, 0x20), mul(i, 32)), word)
            }
            left += int256(word << 164) >> 210;
            left -= int256(word << 210) >> 210;
        }
    }

    function _word(uint64 seat, Trade memory trade) internal pure returns (uint256) {
        return (uint256(uint24(seat)) << 232) | (uint256(trade.lag) << 220) | (uint256(trade.exportDelta) << 188)
            | (uint256(trade.importDelta) << 156) | (uint256(trade.sold) << 124) | (uint256(trade.bought) << 92)
            | ((uint256(uint48(trade.paid)) & ((1 << 46) - 1)) << 46) | (uint48(trade.received) & ((1 << 46) - 1));
    }

    /// An entry of one seat, from its base as the escrow has it.
    function _entry(Home memory home, uint32 end, Trade memory trade) internal view returns (bytes memory) {
        SeatView memory seat = escrow.seatView(home.seat);
        return _entryFrom(home, seat.epoch, seat.importWh, seat.exportWh, end, trade);
    }

    function _entryFrom(
        Home memory home,
        uint16 epoch,
        uint48 importWh,
        uint48 exportWh,
        uint32 end,
        Trade memory trade
    ) internal view returns (bytes memory) {
        Reading memory reading = Reading(
            home.meter, epoch, end - trade.lag * INTERVAL, importWh + trade.importDelta, exportWh + trade.exportDelta, 0
        );
        (bytes32 r, bytes32 vs) = _compact(_keyAt(home, reading.time), _digest(hashes.hash(reading)));
        return abi.encodePacked(_word(home.seat, trade), r, vs);
    }

    function _sell(uint32 energyWh, int24 price) internal pure returns (Trade memory) {
        return Trade(0, energyWh, 0, energyWh, 0, 0, int48(int256(price) * int256(uint256(energyWh))));
    }

    function _buy(uint32 energyWh, int24 price) internal pure returns (Trade memory) {
        return Trade(0, 0, energyWh, 0, energyWh, int48(int256(price) * int256(uint256(energyWh))), 0);
    }

    /// Settles a batch of one part, or one of several whose parts are filled in.
    function _settle(Batch memory batch, bytes memory entries) internal {
        if (batch.parts.length == 0) batch = _whole(batch, entries);
        vm.prank(operator);
        escrow.settle(batch, entries, _unwatched());
    }

    function _expectSettleRevert(Batch memory batch, bytes memory entries, bytes memory reason) internal {
        bytes32[] memory parts = batch.parts;
        if (parts.length == 0) batch = _whole(batch, entries);
        vm.prank(operator);
        vm.expectRevert(reason);
        escrow.settle(batch, entries, _unwatched());
        batch.parts = parts;
    }

    /// 10 tokens in ledger units of the default tick.
    uint128 internal constant TEN = 100_000_000;
}
