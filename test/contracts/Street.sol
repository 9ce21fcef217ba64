// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Vm} from "./Vm.sol";
import {
    IEscrow,
    AreaRules,
    Mandate,
    ConsentTimes,
    EpochStart,
    Reading,
    RotateKey,
    Withdrawal,
    Batch,
    SeatView
} from "../../contracts/src/IEscrow.sol";
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

    function hash(Reading calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hash(RotateKey calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
    }

    function hash(Withdrawal calldata value) external pure returns (bytes32) {
        return TypedData.hash(value);
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
        uint8 lag;
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
    uint32 internal constant NO_DEADLINE = type(uint32).max;
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

    function setUp() public virtual {
        vm.warp(START - INTERVAL + 10);
        token = new LocalEuro();
        escrow = _deploy(address(token), DELAY);
        rules = _rules(1);
        rulesHash = hashes.hash(rules);
        vm.prank(grid);
        escrow.openArea(rules, operator);
    }

    function _deploy(address token_, uint32 delay) internal returns (IEscrow) {
        return IEscrow(vm.deployCode("Escrow.sol:Escrow", abi.encode(token_, delay)));
    }

    function _rules(uint32 area) internal view returns (AreaRules memory) {
        return AreaRules({
            area: area,
            grid: grid,
            successor: address(0),
            token: escrow.token(),
            intervalSeconds: INTERVAL,
            batchSeconds: DAY,
            priceTick: 100,
            maxGridPerKwh: 1000,
            maxBandTicks: 5000,
            confirmation: 2,
            settlingGrade: 1,
            allocation: 0,
            watchers: 0,
            watcherGraceSeconds: 0
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
    function _permit(Home memory home, uint256 tokens, uint256 deadline)
        internal
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
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
        return vm.sign(home.accountKey, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
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
        return _epoch(home, 1, START - INTERVAL, 1_000_000, 2_000_000);
    }

    function _epoch(Home memory home, uint16 epoch, uint32 time, uint48 importWh, uint48 exportWh)
        internal
        view
        returns (EpochStart memory)
    {
        return EpochStart(home.account, rulesHash, home.meter, epoch, time, importWh, exportWh);
    }

    function _times(uint32 validFrom) internal pure returns (ConsentTimes memory) {
        return ConsentTimes(validFrom, NO_DEADLINE);
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
        _rebase(home, START, 0, 0);
    }

    /// Moves a home's base; time must have come.
    function _rebase(Home memory home, uint32 time, uint32 importDelta, uint32 exportDelta) internal {
        if (block.timestamp < time) vm.warp(time);
        Reading memory reading = _reading(home, time, importDelta, exportDelta);
        bytes memory signature = _sign(_keyAt(home, time), hashes.hash(reading));
        vm.prank(operator);
        escrow.rebase(home.seat, reading, signature);
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

    function _confirm(Home memory home, uint24 nameplateWh, uint32 from) internal {
        vm.prank(grid);
        escrow.confirmMeter(home.seat, "zone", nameplateWh, from, NO_DEADLINE, "");
    }

    function _revoke(Home memory home, uint32 from) internal {
        vm.prank(grid);
        escrow.revokeMeter(home.seat, from, NO_DEADLINE, "");
    }

    function _change(Home memory home, Mandate memory mandate) internal {
        escrow.changeMandate(home.seat, mandate, _sign(home.accountKey, hashes.hash(mandate)));
    }

    function _close(Home memory home) internal {
        vm.prank(home.account);
        escrow.closeSeat(home.seat, NO_DEADLINE, "");
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

    function _batch(uint32 start, uint32 end) internal pure returns (Batch memory) {
        return Batch({
            area: 1,
            start: start,
            end: end,
            bandLow: 0,
            bandHigh: 4000,
            statementRoot: keccak256("statement"),
            part: 0,
            parts: 1
        });
    }

    function _word(uint64 seat, Trade memory trade) internal pure returns (uint256) {
        return (uint256(uint24(seat)) << 232) | (uint256(trade.lag) << 224) | (uint256(trade.exportDelta) << 192)
            | (uint256(trade.importDelta) << 160) | (uint256(trade.sold) << 128) | (uint256(trade.bought) << 96)
            | (uint256(uint48(trade.paid)) << 48) | uint48(trade.received);
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

    function _settle(Batch memory batch, bytes memory entries) internal {
        vm.prank(operator);
        escrow.settle(batch, entries);
    }

    function _expectSettleRevert(Batch memory batch, bytes memory entries, bytes memory reason) internal {
        vm.prank(operator);
        vm.expectRevert(reason);
        escrow.settle(batch, entries);
    }

    /// 10 tokens in ledger units of the default tick.
    uint128 internal constant TEN = 100_000_000;
}
