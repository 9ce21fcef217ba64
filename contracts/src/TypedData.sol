// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AreaRules} from "./IAreas.sol";
import {Mandate, ConsentTimes, EpochStart} from "./ISeats.sol";
import {Confirmation, Reading, RotateKey} from "./IMeters.sol";
import {Withdrawal, MovePurse} from "./IPurses.sol";

/// The EIP-712 struct hashes of everything the escrow reads; `contracts/protocol/typed-data.ts` is the same list for everyone else.
library TypedData {
    bytes32 internal constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    string internal constant NAME_TEXT = "Commonwatt";
    string internal constant VERSION_TEXT = "2";
    bytes32 internal constant NAME = keccak256(bytes(NAME_TEXT));
    bytes32 internal constant VERSION = keccak256(bytes(VERSION_TEXT));
    bytes32 internal constant AREA_RULES = keccak256(
        "AreaRules(uint32 area,address grid,address successor,address token,uint32 intervalSeconds,uint32 batchSeconds,uint32 priceTick,uint32 maxGridPerKwh,uint32 maxBandTicks,uint8 confirmation,uint8 settlingGrade,uint8 allocation,bytes32 watchers,uint32 watcherGraceSeconds)"
    );
    bytes32 internal constant MANDATE = keccak256(
        "Mandate(address account,address meter,bytes32 rules,int24 sellFloor,int24 buyCeiling,uint24 maxSellWh,uint24 maxBuyWh,uint32 validFrom,uint32 validUntil,uint32 version,uint32 deadline)"
    );
    bytes32 internal constant METER_CONSENT =
        keccak256("MeterConsent(address meter,address account,bytes32 rules,uint32 validFrom,uint32 deadline)");
    bytes32 internal constant EPOCH_START = keccak256(
        "EpochStart(address account,bytes32 rules,address meter,uint16 epoch,uint32 time,uint48 importWh,uint48 exportWh)"
    );
    bytes32 internal constant READING =
        keccak256("Reading(address meter,uint16 epoch,uint32 time,uint48 importWh,uint48 exportWh,uint8 quality)");
    bytes32 internal constant WITHDRAWAL =
        keccak256("Withdrawal(address account,uint64 seat,uint128 amount,address to,uint32 nonce,uint32 deadline)");
    bytes32 internal constant CLOSE_SEAT =
        keccak256("CloseSeat(address account,uint64 seat,uint32 version,uint32 deadline)");
    bytes32 internal constant CONFIRM_METER = keccak256(
        "ConfirmMeter(uint64 seat,bytes32 zone,uint24 nameplateWh,uint8 grade,uint32 from,uint32 bars,uint32 version,uint32 deadline)"
    );
    bytes32 internal constant REVOKE_METER =
        keccak256("RevokeMeter(uint64 seat,uint32 from,uint32 version,uint32 deadline)");
    bytes32 internal constant ROTATE_KEY =
        keccak256("RotateKey(address account,address meter,address key,address next,uint32 from,uint32 deadline)");
    bytes32 internal constant MOVE_PURSE =
        keccak256("MovePurse(address account,uint64 from,uint64 to,uint128 amount,uint32 nonce,uint32 deadline)");
    bytes32 internal constant BATCH_APPROVAL = keccak256("BatchApproval(bytes32 rules,bytes32 header)");
    bytes32 internal constant BATCH_REFUSAL = keccak256("BatchRefusal(bytes32 rules,bytes32 header,uint8 reason)");

    /// The number of an area: the first 32 bits of its rules' hash, taken with 0 in the number's place.
    function areaNumber(AreaRules calldata rules) internal pure returns (uint32) {
        bytes32 typeHash = AREA_RULES;
        bytes32 result;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), rules, 0x1c0)
            mstore(add(words, 0x20), 0)
            result := keccak256(words, 0x1e0)
        }
        // The first 32 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(bytes4(result));
    }

    function hash(AreaRules calldata rules) internal pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := rules
        }
        return _hashStruct(AREA_RULES, offset, 14);
    }

    function hash(Mandate calldata mandate) internal pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := mandate
        }
        return _hashStruct(MANDATE, offset, 11);
    }

    function hashConsent(address meter, address account, bytes32 rules, ConsentTimes calldata times)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(METER_CONSENT, meter, account, rules, times.validFrom, times.deadline));
    }

    function hash(EpochStart calldata epoch) internal pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := epoch
        }
        return _hashStruct(EPOCH_START, offset, 7);
    }

    function hash(Reading calldata reading) internal pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := reading
        }
        return _hashStruct(READING, offset, 6);
    }

    function hash(Withdrawal calldata withdrawal) internal pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := withdrawal
        }
        return _hashStruct(WITHDRAWAL, offset, 6);
    }

    function hashClose(address account, uint64 seat, uint32 version, uint32 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(CLOSE_SEAT, account, seat, version, deadline));
    }

    function hash(Confirmation calldata confirmation) internal pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := confirmation
        }
        return _hashStruct(CONFIRM_METER, offset, 8);
    }

    function hashRevoke(uint64 seat, uint32 from, uint32 version, uint32 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVOKE_METER, seat, from, version, deadline));
    }

    function hash(RotateKey calldata rotation) internal pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := rotation
        }
        return _hashStruct(ROTATE_KEY, offset, 6);
    }

    function hash(MovePurse calldata move) internal pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := move
        }
        return _hashStruct(MOVE_PURSE, offset, 6);
    }

    function hashApproval(bytes32 rules, bytes32 header) internal pure returns (bytes32) {
        return keccak256(abi.encode(BATCH_APPROVAL, rules, header));
    }

    function hashRefusal(bytes32 rules, bytes32 header, uint8 reason) internal pure returns (bytes32) {
        return keccak256(abi.encode(BATCH_REFUSAL, rules, header, reason));
    }

    /// The digest of a measured reading (quality 0) in the domain `separator`. Settlement calls it once per entry, so it
    /// builds the words in free memory that it does not keep.
    function measuredReadingDigest(
        bytes32 separator,
        address meter,
        uint256 epoch,
        uint256 time,
        uint256 importWh,
        uint256 exportWh
    ) internal pure returns (bytes32 digest) {
        bytes32 typeHash = READING;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 0x20), meter)
            mstore(add(words, 0x40), epoch)
            mstore(add(words, 0x60), time)
            mstore(add(words, 0x80), importWh)
            mstore(add(words, 0xa0), exportWh)
            mstore(add(words, 0xc0), 0)
            let structHash := keccak256(words, 0xe0)
            mstore(words, hex"1901")
            mstore(add(words, 0x02), separator)
            mstore(add(words, 0x22), structHash)
            digest := keccak256(words, 0x42)
        }
    }

    /// A structure of static fields lies in the calldata as EIP-712 encodes it. Unclean upper bits stay in the hash, so no
    /// signature of a clean value fits them, and the fields revert when they are read.
    function _hashStruct(bytes32 typeHash, uint256 offset, uint256 fields) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), offset, shl(5, fields))
            result := keccak256(words, shl(5, add(fields, 1)))
        }
    }
}
